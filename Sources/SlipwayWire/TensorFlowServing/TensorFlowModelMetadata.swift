// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// What `GET /v1/models/M/metadata` answers.
package struct TensorFlowModelMetadata: Sendable {
    package var name: String
    package var version: Int
    package var signature: ModelSignature

    package init(name: String, version: Int, signature: ModelSignature) {
        self.name = name
        self.version = version
        self.signature = signature
    }

    /// 64-bit integers are texts, as protobuf's JSON has them.
    package func encode() -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.member(
                "model_spec",
                object: {
                    $0.member("name", name)
                    $0.member("signature_name", "")
                    $0.member("version", String(version))
                })
            json.member(
                "metadata",
                object: { json in
                    json.member("signature_def", object: { $0.member("signature_def", object: writeDefinition) })
                })
        }
        return json.bytes
    }

    private func writeDefinition(_ json: inout JSONWriter) {
        json.member(
            TensorFlowSignature.name,
            object: { json in
                json.member("inputs", object: { Self.write(signature.inputs, to: &$0) })
                json.member("outputs", object: { Self.write(signature.outputs, to: &$0) })
                json.member("method_name", TensorFlowSignature.predictMethod)
            })
    }

    private static func write(_ specs: [TensorSpec], to json: inout JSONWriter) {
        for spec in specs {
            json.member(
                spec.name,
                object: { json in
                    json.member("dtype", TensorFlowDataType(spec.elementType).name)
                    json.member(
                        "tensor_shape",
                        object: { json in
                            json.member("dim", array: { write(spec.shape ?? [], to: &$0) })
                            json.member("unknown_rank", spec.shape == nil)
                        })
                    json.member("name", tensorName(spec))
                })
        }
    }

    private static func write(_ shape: [Dimension], to json: inout JSONWriter) {
        for dimension in shape {
            json.object {
                $0.member("size", String(dimension.wireExtent))
                $0.member("name", "")
            }
        }
    }

    /// The name of a tensor in a graph, which clients show and never use.
    static func tensorName(_ spec: TensorSpec) -> String { spec.name + ":0" }
}
