// SPDX-License-Identifier: Apache-2.0

/// Tensors with their names, in the order given; names are unique.
public struct NamedTensors: Sendable, RandomAccessCollection, ExpressibleByDictionaryLiteral {
    public struct Element: Sendable {
        public let name: String
        public let tensor: Tensor
        public init(name: String, tensor: Tensor) {
            self.name = name
            self.tensor = tensor
        }
    }

    private var elements: [Element]

    public init() { elements = [] }

    /// - Precondition: no name occurs twice.
    public init(dictionaryLiteral pairs: (String, Tensor)...) {
        self.init()
        for (name, tensor) in pairs {
            precondition(append(tensor, named: name), "duplicate tensor name \(name)")
        }
    }

    public var startIndex: Int { 0 }
    public var endIndex: Int { elements.count }
    public subscript(position: Int) -> Element { elements[position] }
    public subscript(name: String) -> Tensor? { elements.first { $0.name == name }?.tensor }
    public var names: [String] { elements.map(\.name) }

    /// Adds a tensor at the end; returns `false` and adds nothing when the name is taken.
    @discardableResult
    public mutating func append(_ tensor: Tensor, named name: String) -> Bool {
        guard !elements.contains(where: { $0.name == name }) else { return false }
        elements.append(Element(name: name, tensor: tensor))
        return true
    }

    /// Bytes of all tensors together.
    public var byteCount: Int { elements.reduce(0) { $0 + $1.tensor.byteCount } }
}
