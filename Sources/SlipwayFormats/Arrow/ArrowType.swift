// SPDX-License-Identifier: Apache-2.0

public import SlipwayCore

/// The type of an Arrow column, as far as its values can be carried by a tensor.
public indirect enum ArrowType: Sendable, Hashable {
    case number(ElementType)
    /// Text or bytes, with offsets of 64 bits where it is large.
    case bytes(isLarge: Bool)
    /// Bytes of one width.
    case fixedBytes(Int)
    /// Lists of one length.
    case fixedList(Int, of: ArrowType)
    /// Lists of any length, with offsets of 64 bits where it is large.
    case list(of: ArrowType, isLarge: Bool)
    /// A type whose values are not read here, with its name; its columns can be passed over.
    case other(String)

    /// The name Arrow gives it.
    public var name: String {
        switch self {
        case .number(let element):
            switch element {
            case .float16: "halffloat"
            case .float32: "float"
            case .float64: "double"
            default: element.rawValue.lowercased()
            }
        case .bytes(let isLarge): isLarge ? "large_string" : "string"
        case .fixedBytes(let width): "fixed_size_binary[\(width)]"
        case .fixedList(let count, let item): "fixed_size_list<\(item.name)>[\(count)]"
        case .list(let item, let isLarge): (isLarge ? "large_list<" : "list<") + item.name + ">"
        case .other(let name): name
        }
    }
}

/// A column of an Arrow table.
public struct ArrowField: Sendable, Hashable {
    public let name: String
    /// Of the values; where they are dictionary-encoded that of the dictionary's.
    public let type: ArrowType
    /// Which dictionary holds the values, `nil` when the column holds them itself.
    let dictionary: Dictionary?
    /// How many nodes and buffers of a batch belong to it, children included.
    let layout: Layout
    /// Those of a list's items.
    let children: [ArrowField]
    /// Whether its bytes are UTF-8, of a list its items'.
    public internal(set) var isText = false
    /// Whether its numbers are instants in milliseconds since 1970 in UTC.
    public internal(set) var isInstant = false

    struct Dictionary: Hashable {
        let id: Int64
        /// Of the indices.
        let indexType: ElementType
    }

    struct Layout: Hashable {
        var nodes: Int
        var buffers: Int
        /// Columns of views, whose buffers the batch counts.
        var views = 0
    }
}
