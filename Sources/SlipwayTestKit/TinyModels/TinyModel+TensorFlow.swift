// SPDX-License-Identifier: Apache-2.0

import SlipwayFormats

extension TinyModel {
    /// `y = x + x` in TensorFlow's GraphDef, float32 `[?, 2]`; field numbers are those of graph.proto.
    public static func tensorFlowGraph() -> [UInt8] {
        var graph = ProtobufWriter()
        graph.message(1) { node in
            node.string(1, "x")
            node.string(2, "Placeholder")
            attribute("dtype", &node) { $0.varint(6, 1) }
            attribute("shape", &node) { value in
                value.message(7) { shape in
                    for extent in [-1, 2] { shape.message(2) { $0.varint(1, extent) } }
                }
            }
        }
        graph.message(1) { node in
            node.string(1, "y")
            node.string(2, "AddV2")
            for _ in 0..<2 { node.string(3, "x") }
            attribute("T", &node) { $0.varint(6, 1) }
        }
        graph.message(4) { $0.varint(1, 1882) }
        return graph.bytes
    }

    private static func attribute(
        _ name: String, _ node: inout ProtobufWriter, _ value: (inout ProtobufWriter) -> Void
    ) {
        node.message(5) {
            $0.string(1, name)
            $0.message(2, value)
        }
    }
}
