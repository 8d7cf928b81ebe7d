// SPDX-License-Identifier: Apache-2.0

public import SlipwayCore

/// A model to be written: a `ModelProto` with its weights inside.
///
/// Field numbers: onnx.proto, https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
public struct ONNXFile: Sendable {
    /// Protobuf messages end here.
    private static let maximumByteCount = Int(Int32.max)

    public var graph: ONNXGraph
    public var irVersion = 10
    /// Operator sets by domain; the empty name is ONNX itself.
    public var opsets: [String: Int] = ["": 21]
    public var producerName = "slipway"
    public var producerVersion = ""
    /// `metadata_props`.
    public var metadata: [String: String] = [:]

    public init(_ graph: ONNXGraph) { self.graph = graph }

    /// The number of an element type in `TensorProto.DataType`, as `Cast` takes it.
    public static func number(of type: ElementType) -> Int { ONNXDataType.number(type) }

    /// The file's bytes; equal models give equal bytes.
    ///
    /// - Throws: ``FormatError`` `limitExceeded` where a protobuf message cannot hold them.
    public func bytes() throws(FormatError) -> [UInt8] {
        var out = ProtobufWriter()
        out.varint(1, irVersion)
        out.string(2, producerName)
        out.string(3, producerVersion)
        out.message(7) { Self.write(graph, &$0) }
        for (domain, version) in opsets.sorted(by: { $0.key < $1.key }) {
            out.message(8) {
                $0.string(1, domain)
                $0.varint(2, version)
            }
        }
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            out.message(14) {
                $0.string(1, key)
                $0.string(2, value)
            }
        }
        guard out.bytes.count <= Self.maximumByteCount else {
            throw FormatError(
                .limitExceeded, "the model would take \(out.bytes.count) bytes, and an ONNX file holds 2 GiB at most")
        }
        return out.bytes
    }

    private static func write(_ graph: ONNXGraph, _ out: inout ProtobufWriter) {
        for node in graph.nodes { out.message(1) { write(node, &$0) } }
        out.string(2, graph.name)
        for tensor in graph.initializers { out.message(5) { write(tensor, &$0) } }
        for value in graph.inputs { out.message(11) { write(value, &$0) } }
        for value in graph.outputs { out.message(12) { write(value, &$0) } }
    }

    private static func write(_ node: ONNXNode, _ out: inout ProtobufWriter) {
        for name in node.inputs { out.string(1, name) }
        for name in node.outputs { out.string(2, name) }
        out.string(3, node.name)
        out.string(4, node.operation)
        for attribute in node.attributes { out.message(5) { write(attribute, &$0) } }
        if !node.domain.isEmpty { out.string(7, node.domain) }
    }

    private static func write(_ attribute: ONNXAttribute, _ out: inout ProtobufWriter) {
        out.string(1, attribute.name)
        let type: Int
        switch attribute.value {
        case .float(let value):
            out.float(2, value)
            type = 1
        case .int(let value):
            out.varint(3, value)
            type = 2
        case .string(let value):
            out.string(4, value)
            type = 3
        case .tensor(let value):
            out.message(5) { write(value, &$0) }
            type = 4
        case .graph(let value):
            out.message(6) { write(value, &$0) }
            type = 5
        case .floats(let values):
            out.packed(7, values)
            type = 6
        case .ints(let values):
            out.packed(8, values.lazy.map(Int64.init))
            type = 7
        case .strings(let values):
            for value in values { out.string(9, value) }
            type = 8
        }
        out.varint(20, type)
    }

    private static func write(_ tensor: ONNXTensor, _ out: inout ProtobufWriter) {
        out.packed(1, tensor.dimensions.lazy.map(Int64.init))
        out.varint(2, ONNXDataType.number(tensor.elementType))
        switch tensor.content {
        case .raw(let bytes): out.data(9, bytes)
        case .strings(let texts): for text in texts { out.string(6, text) }
        }
        out.string(8, tensor.name)
    }

    private static func write(_ value: ONNXGraph.Value, _ out: inout ProtobufWriter) {
        out.string(1, value.name)
        out.message(2) { type in
            type.message(1) { tensor in
                tensor.varint(1, ONNXDataType.number(value.elementType))
                guard let shape = value.shape else { return }
                tensor.message(2) { out in
                    for dimension in shape {
                        out.message(1) {
                            switch dimension {
                            case .fixed(let extent): $0.varint(1, extent)
                            case .symbolic(let name): $0.string(2, name)
                            case .dynamic: break
                            }
                        }
                    }
                }
            }
        }
    }
}
