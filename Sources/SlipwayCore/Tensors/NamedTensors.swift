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

    /// Up to so many names are compared one by one.
    private static let comparedCount = 16

    /// All of them, to be read in place: what the collection gives out are copies.
    public private(set) var elements: [Element]
    /// All names, once there are more than are compared; empty before.
    private var taken: Set<String> = []

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
        if elements.count < Self.comparedCount {
            guard !elements.contains(where: { $0.name == name }) else { return false }
        } else {
            if taken.isEmpty { taken = Set(elements.map(\.name)) }
            guard taken.insert(name).inserted else { return false }
        }
        elements.append(Element(name: name, tensor: tensor))
        return true
    }

    /// Bytes of all tensors together.
    public var byteCount: Int { elements.reduce(0) { $0 + $1.tensor.byteCount } }
}
