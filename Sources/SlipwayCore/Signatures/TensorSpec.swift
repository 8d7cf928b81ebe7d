// SPDX-License-Identifier: Apache-2.0

/// One dimension of a signature's shape.
public enum Dimension: Sendable, Hashable, CustomStringConvertible {
    case fixed(Int)
    /// Any extent.
    case dynamic
    /// Any extent, the same wherever the symbol occurs in the inputs: `batch`.
    case symbolic(String)

    /// What a file calls a dimension; no name and `?`, which some exporters give to every one, name nothing.
    public init(symbol: String) { self = symbol.isEmpty || symbol == "?" ? .dynamic : .symbolic(symbol) }

    public var description: String {
        switch self {
        case .fixed(let extent): String(extent)
        case .dynamic: "?"
        case .symbolic(let name): name
        }
    }

    /// The extent as wire protocols write it: -1 when it is not fixed.
    public var wireExtent: Int {
        if case .fixed(let extent) = self { extent } else { -1 }
    }
}

/// What a model expects or returns under one name.
public struct TensorSpec: Sendable, Hashable, Codable {
    /// How the engine holds the value; callers always see tensors.
    public enum Form: String, Sendable, Hashable, Codable {
        case tensor
        /// A list of tensors, seen by callers as `name.0`, `name.1` ... and their number as `name.length`.
        case sequence
        /// A map from class to score for each row, seen by callers as one tensor `[rows, classes]`.
        case classScores
    }

    public let name: String
    public let elementType: ElementType
    /// `nil` when the rank is unknown.
    public let shape: [Dimension]?
    /// Whether a request may leave it out.
    public let isOptional: Bool
    public let form: Form

    public init(
        name: String, elementType: ElementType, shape: [Dimension]?, isOptional: Bool = false, form: Form = .tensor
    ) {
        self.name = name
        self.elementType = elementType
        self.shape = shape
        self.isOptional = isOptional
        self.form = form
    }

    /// The shape for people: `[batch,3,?,?]`, `[...]` when unknown.
    public var shapeText: String {
        shape.map { "[" + $0.map(\.description).joined(separator: ",") + "]" } ?? "[...]"
    }
}

extension Dimension: Codable {
    /// A fixed extent is a number, a symbol a string, a dynamic dimension `null`.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .dynamic
        } else if let extent = try? container.decode(Int.self) {
            self = .fixed(extent)
        } else {
            self = .symbolic(try container.decode(String.self))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .fixed(let extent): try container.encode(extent)
        case .dynamic: try container.encodeNil()
        case .symbolic(let name): try container.encode(name)
        }
    }
}
