// SPDX-License-Identifier: Apache-2.0

/// One version of one model, resolved.
public struct VersionID: Sendable, Hashable, Codable, Comparable, CustomStringConvertible {
    public let model: String
    /// 1, 2, 3 ... in order of registration.
    public let number: Int

    public init(model: String, number: Int) {
        self.model = model
        self.number = number
    }

    public var description: String { "\(model):\(number)" }

    public static func < (left: VersionID, right: VersionID) -> Bool {
        (left.model, left.number) < (right.model, right.number)
    }
}
