// SPDX-License-Identifier: Apache-2.0

public import SlipwayCore

/// The values of a data set or attribute, row-major.
public struct HDF5Array: Sendable, Hashable {
    public enum Values: Sendable, Hashable {
        /// Little-endian values.
        case numbers(ElementType, [UInt8])
        case strings([String])
        /// Bytes without a meaning, so many for each element.
        case opaque(width: Int, [UInt8])
    }

    /// Empty for a single value.
    public let shape: [Int]
    public let values: Values

    public init(shape: [Int], values: Values) {
        self.shape = shape
        self.values = values
    }

    /// The only string, `nil` for anything else.
    public var string: String? {
        if case .strings(let texts) = values, texts.count == 1 { texts[0] } else { nil }
    }

    /// All strings, `nil` for numbers.
    public var strings: [String]? {
        if case .strings(let texts) = values { texts } else { nil }
    }
}
