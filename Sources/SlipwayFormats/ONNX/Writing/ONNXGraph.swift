// SPDX-License-Identifier: Apache-2.0

public import SlipwayCore

/// A graph to be written: a `GraphProto`.
public struct ONNXGraph: Sendable, Hashable {
    /// A graph's input or output.
    public struct Value: Sendable, Hashable {
        public var name: String
        public var elementType: ElementType
        /// `nil` for an unknown rank.
        public var shape: [Dimension]?

        public init(_ name: String, _ elementType: ElementType, _ shape: [Dimension]?) {
            self.name = name
            self.elementType = elementType
            self.shape = shape
        }
    }

    public var name: String
    public var inputs: [Value] = []
    public var outputs: [Value] = []
    /// In an order in which each comes after those whose outputs it uses.
    public var nodes: [ONNXNode] = []
    public var initializers: [ONNXTensor] = []

    public init(name: String) { self.name = name }
}

/// A node of a graph: a `NodeProto`.
public struct ONNXNode: Sendable, Hashable {
    public var operation: String
    /// Empty for the operators of ONNX itself.
    public var domain: String
    public var name: String
    /// An empty name stands for an optional input that is left out.
    public var inputs: [String]
    public var outputs: [String]
    public var attributes: [ONNXAttribute]

    public init(
        _ operation: String, domain: String = "", name: String = "", inputs: [String], outputs: [String],
        attributes: [ONNXAttribute] = []
    ) {
        self.operation = operation
        self.domain = domain
        self.name = name
        self.inputs = inputs
        self.outputs = outputs
        self.attributes = attributes
    }
}

/// An attribute of a node: an `AttributeProto`.
public struct ONNXAttribute: Sendable, Hashable {
    public indirect enum Value: Sendable, Hashable {
        case int(Int)
        case float(Float)
        case string(String)
        case tensor(ONNXTensor)
        case graph(ONNXGraph)
        case ints([Int])
        case floats([Float])
        case strings([String])
    }

    public var name: String
    public var value: Value

    public init(_ name: String, _ value: Value) {
        self.name = name
        self.value = value
    }
}
