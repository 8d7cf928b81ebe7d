// SPDX-License-Identifier: Apache-2.0

public import SlipwayCore

/// A constant of a graph: a `TensorProto`, row-major.
public struct ONNXTensor: Sendable, Hashable {
    public enum Content: Sendable, Hashable {
        /// Little-endian values.
        case raw([UInt8])
        case strings([String])
    }

    public var name: String
    public let elementType: ElementType
    public let dimensions: [Int]
    public let content: Content

    public init(_ values: [Float], _ dimensions: [Int]? = nil, name: String = "") {
        self.init(.float32, dimensions ?? [values.count], .raw(Self.raw(values.map(\.bitPattern))), name)
    }

    public init(_ values: [Double], _ dimensions: [Int]? = nil, name: String = "") {
        self.init(.float64, dimensions ?? [values.count], .raw(Self.raw(values.map(\.bitPattern))), name)
    }

    public init(_ values: [Int64], _ dimensions: [Int]? = nil, name: String = "") {
        self.init(.int64, dimensions ?? [values.count], .raw(Self.raw(values)), name)
    }

    public init(_ values: [Int32], _ dimensions: [Int]? = nil, name: String = "") {
        self.init(.int32, dimensions ?? [values.count], .raw(Self.raw(values)), name)
    }

    public init(_ values: [Bool], _ dimensions: [Int]? = nil, name: String = "") {
        self.init(.bool, dimensions ?? [values.count], .raw(values.map { $0 ? 1 : 0 }), name)
    }

    public init(_ values: [String], _ dimensions: [Int]? = nil, name: String = "") {
        self.init(.bytes, dimensions ?? [values.count], .strings(values), name)
    }

    /// Values of any numeric type as they lie in memory, little-endian and row-major.
    public init(raw: [UInt8], _ elementType: ElementType, _ dimensions: [Int], name: String = "") {
        self.init(elementType, dimensions, .raw(raw), name)
    }

    private init(_ elementType: ElementType, _ dimensions: [Int], _ content: Content, _ name: String) {
        self.elementType = elementType
        self.dimensions = dimensions
        self.content = content
        self.name = name
    }

    private static func raw<T: FixedWidthInteger>(_ values: [T]) -> [UInt8] {
        values.withUnsafeBytes { [UInt8]($0) }
    }
}
