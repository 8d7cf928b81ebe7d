// SPDX-License-Identifier: Apache-2.0

/// Writes protobuf messages field by field, for tests that need a model file without a framework.
public struct ProtobufWriter: Sendable {
    public private(set) var bytes: [UInt8] = []

    public init() {}

    public mutating func varint(_ field: Int, _ value: Int) {
        append(UInt64(field) << 3)
        append(UInt64(bitPattern: Int64(value)))
    }

    public mutating func float(_ field: Int, _ value: Float) {
        append(UInt64(field) << 3 | 5)
        for shift in stride(from: UInt32(0), to: 32, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: value.bitPattern >> shift))
        }
    }

    public mutating func data(_ field: Int, _ value: some Collection<UInt8>) {
        append(UInt64(field) << 3 | 2)
        append(UInt64(value.count))
        bytes.append(contentsOf: value)
    }

    public mutating func string(_ field: Int, _ value: String) { data(field, Array(value.utf8)) }

    public mutating func message(_ field: Int, _ build: (inout ProtobufWriter) -> Void) {
        var inner = ProtobufWriter()
        build(&inner)
        data(field, inner.bytes)
    }

    /// A field that claims `length` bytes and brings none: what a truncated or hostile file looks like.
    public mutating func claimedLength(_ field: Int, _ length: Int) {
        append(UInt64(field) << 3 | 2)
        append(UInt64(bitPattern: Int64(length)))
    }

    private mutating func append(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }
}
