// SPDX-License-Identifier: Apache-2.0

/// The type of a metadata value, by its number in files.
enum GGUFValueType: UInt32, Sendable {
    case uint8, int8, uint16, int16, uint32, int32, float32, bool, string, array, uint64, int64, float64

    /// Bytes of one value; `nil` where it varies.
    var width: Int? {
        switch self {
        case .uint8, .int8, .bool: 1
        case .uint16, .int16: 2
        case .uint32, .int32, .float32: 4
        case .uint64, .int64, .float64: 8
        case .string, .array: nil
        }
    }
}

/// A metadata value as far as it is kept.
enum GGUFValue: Sendable, Hashable {
    case integer(Int)
    case number(Double)
    case flag(Bool)
    case text(String)
    /// A text too long to be kept.
    case longText(byteCount: Int)
    case integers([Int])
    case flags([Bool])
    case texts([String])
    /// A list of which only the number of elements is kept.
    case list(GGUFValueType, count: Int)

    /// Of a list.
    var count: Int? {
        switch self {
        case .integers(let values): values.count
        case .flags(let values): values.count
        case .texts(let values): values.count
        case .list(_, let count): count
        default: nil
        }
    }

    /// For people; `nil` for what is not kept whole.
    var text: String? {
        switch self {
        case .integer(let value): "\(value)"
        case .number(let value): "\(value)"
        case .flag(let value): "\(value)"
        case .text(let value): value
        case .integers(let values): values.map { "\($0)" }.joined(separator: ", ")
        case .flags(let values): values.map { "\($0)" }.joined(separator: ", ")
        case .texts(let values): values.joined(separator: ", ")
        case .longText, .list: nil
        }
    }
}
