// SPDX-License-Identifier: Apache-2.0

/// How much of a protobuf message a reader takes in before it gives up.
public struct ProtobufLimits: Sendable, Hashable {
    /// Messages inside messages.
    public var depth: Int
    /// Fields of all messages together that are looked at; a skipped message counts as one.
    public var fieldCount: Int
    /// The longest string or byte field that is loaded, in bytes.
    public var stringLength: Int

    public init(depth: Int = 64, fieldCount: Int = 200_000_000, stringLength: Int = 16 << 20) {
        self.depth = depth
        self.fieldCount = fieldCount
        self.stringLength = stringLength
    }
}
