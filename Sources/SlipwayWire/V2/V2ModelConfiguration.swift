// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// What `GET /v2/models/M[/versions/V]/config` answers: Triton's ModelConfig as far as it applies here.
package struct V2ModelConfiguration: Sendable {
    package var name: String
    /// `onnxruntime_onnx` for ONNX models.
    package var platform: String
    /// `onnxruntime`
    package var backend: String
    /// The largest batch made of several requests; 0 when requests are not batched, and then the dimensions
    /// of inputs and outputs hold the batch too.
    package var maximumBatchSize: Int
    package var signature: ModelSignature
    /// Lanes of execution.
    package var instanceCount: Int
    /// The versions that are served.
    package var versions: [Int]
    package var defaultFileName: String

    package init(
        name: String, platform: String, backend: String, maximumBatchSize: Int = 0, signature: ModelSignature,
        instanceCount: Int, versions: [Int], defaultFileName: String = "model.onnx"
    ) {
        self.name = name
        self.platform = platform
        self.backend = backend
        self.maximumBatchSize = maximumBatchSize
        self.signature = signature
        self.instanceCount = instanceCount
        self.versions = versions
        self.defaultFileName = defaultFileName
    }

    /// Members are named as in the protobuf, enumerations written by name, numbers as numbers.
    package func encode() -> [UInt8] {
        var json = JSONWriter()
        json.object {
            $0.member("name", name)
            $0.member("platform", platform)
            $0.member("backend", backend)
            $0.member(
                "version_policy",
                object: {
                    $0.member("specific", object: { $0.member("versions", versions) })
                })
            $0.member("max_batch_size", maximumBatchSize)
            $0.member(
                "input",
                array: { json in
                    for spec in signature.inputs { write(spec, isInput: true, to: &json) }
                })
            $0.member(
                "output",
                array: { json in
                    for spec in signature.outputs { write(spec, isInput: false, to: &json) }
                })
            $0.member("instance_group", array: { $0.object(writeInstances) })
            $0.member("default_model_filename", defaultFileName)
            $0.member("parameters", object: { _ in })
            $0.member("model_warmup", array: { _ in })
            $0.member("model_transaction_policy", object: { $0.member("decoupled", false) })
        }
        return json.bytes
    }

    private func writeInstances(_ json: inout JSONWriter) {
        json.member("name", name + "_0")
        json.member("kind", "KIND_CPU")
        json.member("count", instanceCount)
        json.member("gpus", [Int]())
    }

    private func write(_ spec: TensorSpec, isInput: Bool, to json: inout JSONWriter) {
        json.object {
            $0.member("name", spec.name)
            $0.member("data_type", Self.typeName(spec.elementType))
            // With batching the batch is not part of the dimensions.
            let dimensions = spec.wireShape
            $0.member("dims", maximumBatchSize > 0 ? Array(dimensions.dropFirst()) : dimensions)
            if isInput {
                $0.member("format", "FORMAT_NONE")
                $0.member("allow_ragged_batch", false)
                $0.member("optional", spec.isOptional)
            } else {
                $0.member("label_filename", "")
            }
            $0.member("is_shape_tensor", false)
        }
    }

    private static func typeName(_ type: ElementType) -> String {
        type == .bytes ? "TYPE_STRING" : "TYPE_" + type.rawValue
    }
}
