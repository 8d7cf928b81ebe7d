// SPDX-License-Identifier: Apache-2.0

public import SlipwayCore
import SlipwayFormats

/// Puts an ONNX file together from nodes, initializers and typed inputs and outputs.
///
/// Field numbers are those of onnx.proto.
public struct ONNXBuilder: Sendable {
    /// An attribute of a node.
    public enum Attribute: Sendable {
        case int(Int)
        case float(Float)
        case string(String)
        case ints([Int])
        case floats([Float])
        case strings([String])
        /// A graph, as Loop and If take it: `GraphProto` bytes.
        case graph([UInt8])
    }

    /// The type of an input or an output.
    public enum ValueType: Sendable {
        case tensor(ElementType, [Dimension]?)
        /// A tensor by its number in `TensorProto.DataType`, for types that ``ElementType`` lacks.
        case rawTensor(Int, [Dimension]?)
        indirect case sequence(ValueType)
        indirect case optional(ValueType)
        indirect case map(key: ElementType, value: ValueType)
    }

    public var irVersion = 8
    /// Operator set versions by domain; the empty domain is ai.onnx.
    public var opsets: [(domain: String, version: Int)] = [("", 17)]
    public var metadata: [(key: String, value: String)] = []
    public var graphName = "tiny"
    private var nodes: [[UInt8]] = []
    private var initializers: [[UInt8]] = []
    private var inputs: [[UInt8]] = []
    private var outputs: [[UInt8]] = []

    public init() {}

    public mutating func input(_ name: String, _ type: ValueType) { inputs.append(Self.valueInfo(name, type)) }
    public mutating func output(_ name: String, _ type: ValueType) { outputs.append(Self.valueInfo(name, type)) }

    public mutating func node(
        _ operation: String, _ inputs: [String], _ outputs: [String], domain: String = "",
        _ attributes: [(String, Attribute)] = []
    ) {
        var node = ProtobufWriter()
        for name in inputs { node.string(1, name) }
        for name in outputs { node.string(2, name) }
        node.string(3, "\(operation)_\(nodes.count)")
        node.string(4, operation)
        for (name, value) in attributes { node.message(5) { Self.write(value, named: name, to: &$0) } }
        if !domain.isEmpty { node.string(7, domain) }
        nodes.append(node.bytes)
    }

    /// An initializer with its values in `raw_data`, little-endian.
    public mutating func initializer(_ name: String, _ tensor: Tensor) {
        var proto = Self.tensorHeader(name, tensor.elementType, tensor.shape)
        proto.data(9, Array(tensor.storage.bytes))
        initializers.append(proto.bytes)
    }

    /// An initializer whose values lie in another file.
    public mutating func externalInitializer(
        _ name: String, _ elementType: ElementType, _ shape: Shape, entries: [(key: String, value: String)]
    ) {
        var proto = Self.tensorHeader(name, elementType, shape)
        for entry in entries {
            proto.message(13) {
                $0.string(1, entry.key)
                $0.string(2, entry.value)
            }
        }
        proto.varint(14, 1)
        initializers.append(proto.bytes)
    }

    /// The `GraphProto` alone, for use as an attribute of a node.
    public func graph() -> [UInt8] {
        var graph = ProtobufWriter()
        for node in nodes { graph.data(1, node) }
        graph.string(2, graphName)
        for initializer in initializers { graph.data(5, initializer) }
        for input in inputs { graph.data(11, input) }
        for output in outputs { graph.data(12, output) }
        return graph.bytes
    }

    /// The whole `ModelProto`.
    public func model() -> [UInt8] {
        var model = ProtobufWriter()
        model.varint(1, irVersion)
        model.string(2, "slipway-testkit")
        model.string(3, "1")
        model.data(7, graph())
        for opset in opsets {
            model.message(8) {
                if !opset.domain.isEmpty { $0.string(1, opset.domain) }
                $0.varint(2, opset.version)
            }
        }
        for entry in metadata {
            model.message(14) {
                $0.string(1, entry.key)
                $0.string(2, entry.value)
            }
        }
        return model.bytes
    }
}

extension ONNXBuilder {
    private static func tensorHeader(_ name: String, _ elementType: ElementType, _ shape: Shape) -> ProtobufWriter {
        var proto = ProtobufWriter()
        for extent in shape.dimensions { proto.varint(1, extent) }
        proto.varint(2, ONNXFile.number(of: elementType))
        proto.string(8, name)
        return proto
    }

    private static func valueInfo(_ name: String, _ type: ValueType) -> [UInt8] {
        var info = ProtobufWriter()
        info.string(1, name)
        info.message(2) { write(type, to: &$0) }
        return info.bytes
    }

    private static func write(_ type: ValueType, to writer: inout ProtobufWriter) {
        switch type {
        case .tensor(let elementType, let shape):
            write(.rawTensor(ONNXFile.number(of: elementType), shape), to: &writer)
        case .rawTensor(let number, let shape):
            writer.message(1) { tensor in
                tensor.varint(1, number)
                guard let shape else { return }
                tensor.message(2) { proto in
                    for dimension in shape { proto.message(1) { write(dimension, to: &$0) } }
                }
            }
        case .sequence(let element):
            writer.message(4) { $0.message(1) { write(element, to: &$0) } }
        case .optional(let element):
            writer.message(9) { $0.message(1) { write(element, to: &$0) } }
        case .map(let key, let value):
            writer.message(5) { map in
                map.varint(1, ONNXFile.number(of: key))
                map.message(2) { write(value, to: &$0) }
            }
        }
    }

    private static func write(_ dimension: Dimension, to writer: inout ProtobufWriter) {
        switch dimension {
        case .fixed(let extent): writer.varint(1, extent)
        case .symbolic(let symbol): writer.string(2, symbol)
        case .dynamic: break
        }
    }

    private static func write(_ value: Attribute, named name: String, to writer: inout ProtobufWriter) {
        writer.string(1, name)
        switch value {
        case .float(let number):
            writer.float(2, number)
            writer.varint(20, 1)
        case .int(let number):
            writer.varint(3, number)
            writer.varint(20, 2)
        case .string(let text):
            writer.string(4, text)
            writer.varint(20, 3)
        case .graph(let bytes):
            writer.data(6, bytes)
            writer.varint(20, 5)
        case .floats(let numbers):
            for number in numbers { writer.float(7, number) }
            writer.varint(20, 6)
        case .ints(let numbers):
            for number in numbers { writer.varint(8, number) }
            writer.varint(20, 7)
        case .strings(let texts):
            for text in texts { writer.string(9, text) }
            writer.varint(20, 8)
        }
    }
}
