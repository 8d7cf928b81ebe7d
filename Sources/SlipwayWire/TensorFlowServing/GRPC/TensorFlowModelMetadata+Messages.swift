// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SwiftProtobuf

extension Tensorflow_Serving_GetModelMetadataRequest {
    /// The one kind of metadata there is.
    private static let signatures = "signature_def"

    /// - Throws: ``WireError`` `invalidRequest` unless metadata of signatures is asked for, and nothing else.
    package func target() throws(WireError) -> TensorFlowTarget {
        let target = try TensorFlowTarget(modelSpec)
        guard !metadataField.isEmpty, metadataField.allSatisfy({ $0 == Self.signatures }) else {
            throw WireError(
                .invalidRequest,
                metadataField.isEmpty
                    ? "GetModelMetadataRequest must specify at least one metadata_field: expected '\(Self.signatures)'"
                    : "a metadata_field is not supported: expected '\(Self.signatures)'")
        }
        return target
    }
}

extension Tensorflow_Serving_GetModelMetadataResponse {
    /// - Throws: What SwiftProtobuf throws when a message cannot be packed.
    package init(_ metadata: TensorFlowModelMetadata) throws {
        self.init()
        modelSpec.name = metadata.name
        modelSpec.version.value = Int64(metadata.version)
        let definitions = Tensorflow_Serving_SignatureDefMap.with {
            $0.signatureDef[TensorFlowSignature.name] = Tensorflow_SignatureDef(metadata.signature)
        }
        self.metadata["signature_def"] = try Google_Protobuf_Any(message: definitions)
    }
}

extension Tensorflow_SignatureDef {
    fileprivate init(_ signature: ModelSignature) {
        self.init()
        for spec in signature.inputs { inputs[spec.name] = Tensorflow_TensorInfo(spec) }
        for spec in signature.outputs { outputs[spec.name] = Tensorflow_TensorInfo(spec) }
        methodName = TensorFlowSignature.predictMethod
    }
}

extension Tensorflow_TensorInfo {
    fileprivate init(_ spec: TensorSpec) {
        self.init()
        name = TensorFlowModelMetadata.tensorName(spec)
        dtype = Tensorflow_DataType(rawValue: TensorFlowDataType(spec.elementType).rawValue) ?? .dtInvalid
        tensorShape.unknownRank = spec.shape == nil
        tensorShape.dim = (spec.shape ?? []).map { dimension in .with { $0.size = Int64(dimension.wireExtent) } }
    }
}
