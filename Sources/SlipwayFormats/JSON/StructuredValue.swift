// SPDX-License-Identifier: Apache-2.0

/// A value of JSON or Universal Binary JSON.
///
/// Arrays of numbers alone are kept as numbers, eight bytes each; ``list`` gives them as values all the same.
public enum StructuredValue: Sendable, Hashable {
    case null
    case bool(Bool)
    case integer(Int64)
    /// Written with a fraction or an exponent, or too large for an integer.
    case number(Double)
    case string(String)
    case array([StructuredValue])
    /// An array of whole numbers alone, not empty.
    case integers([Int64])
    /// An array of numbers alone, not all of them whole.
    case numbers([Double])
    /// In the order of the file; no name occurs twice.
    case object([Member])

    public struct Member: Sendable, Hashable {
        public let name: String
        public let value: StructuredValue

        public init(_ name: String, _ value: StructuredValue) {
            self.name = name
            self.value = value
        }
    }
}

extension StructuredValue {
    /// A member of an object; `nil` where there is none, and for values that are no objects.
    public subscript(name: String) -> StructuredValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }

    public var isNull: Bool { self == .null }

    public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }

    public var string: String? { if case .string(let value) = self { value } else { nil } }

    /// An integer, or a number that equals one.
    public var integer: Int? {
        switch self {
        case .integer(let value): Int(value)
        case .number(let value): Int(exactly: value)
        default: nil
        }
    }

    public var double: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }

    public var members: [Member]? { if case .object(let members) = self { members } else { nil } }

    /// The elements of an array of any kind.
    public var list: [StructuredValue]? {
        switch self {
        case .array(let values): values
        case .integers(let values): values.map { .integer($0) }
        case .numbers(let values): values.map { .number($0) }
        default: nil
        }
    }

    /// The elements of an array of strings alone, an empty one included.
    public var strings: [String]? {
        guard case .array(let values) = self else { return nil }
        let strings = values.compactMap(\.string)
        return strings.count == values.count ? strings : nil
    }

    /// The elements of an array of whole numbers alone, an empty one included.
    public var integers: [Int64]? {
        switch self {
        case .integers(let values): return values
        case .array(let values): return values.isEmpty ? [] : nil
        case .numbers(let values):
            let whole = values.compactMap { Int64(exactly: $0) }
            return whole.count == values.count ? whole : nil
        default: return nil
        }
    }

    /// The elements of an array of numbers alone, an empty one included.
    public var doubles: [Double]? {
        switch self {
        case .numbers(let values): values
        case .integers(let values): values.map { Double($0) }
        case .array(let values): values.isEmpty ? [] : nil
        default: nil
        }
    }

    /// What kind of value it is, for messages.
    public var kindName: String {
        switch self {
        case .null: "null"
        case .bool: "a truth value"
        case .integer, .number: "a number"
        case .string: "a string"
        case .array, .integers, .numbers: "an array"
        case .object: "an object"
        }
    }
}
