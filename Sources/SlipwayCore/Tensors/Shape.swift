// SPDX-License-Identifier: Apache-2.0

/// The concrete extent of a tensor along each of its dimensions; an empty list is a scalar.
public struct Shape: Sendable, Hashable, Codable, ExpressibleByArrayLiteral, CustomStringConvertible {
    public let dimensions: [Int]

    public init(_ dimensions: [Int]) { self.dimensions = dimensions }
    public init(arrayLiteral elements: Int...) { self.dimensions = elements }

    public var rank: Int { dimensions.count }
    public var isScalar: Bool { dimensions.isEmpty }

    /// The number of elements: the product of all dimensions, 1 for a scalar.
    ///
    /// `nil` when a dimension is negative or the product does not fit an `Int`.
    public var elementCount: Int? {
        var product = 1
        for dimension in dimensions {
            guard dimension >= 0 else { return nil }
            let (next, overflow) = product.multipliedReportingOverflow(by: dimension)
            guard !overflow else { return nil }
            product = next
        }
        return product
    }

    /// Written as a list: `[1,3,224,224]`.
    public var description: String {
        "[" + dimensions.map { String($0) }.joined(separator: ",") + "]"
    }

    public init(from decoder: any Decoder) throws {
        dimensions = try decoder.singleValueContainer().decode([Int].self)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(dimensions)
    }
}
