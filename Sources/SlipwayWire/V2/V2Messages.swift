// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SwiftProtobuf

// The V2 facts as messages of gRPC: the same values that the JSON encoders write.

extension Inference_ModelMetadataResponse {
    package init(_ metadata: V2ModelMetadata) {
        self.init()
        name = metadata.name
        versions = metadata.versions.map { String($0) }
        platform = metadata.platform
        inputs = metadata.signature.inputs.map { TensorMetadata($0) }
        outputs = metadata.signature.outputs.map { TensorMetadata($0) }
    }
}

extension Inference_ModelMetadataResponse.TensorMetadata {
    fileprivate init(_ spec: TensorSpec) {
        self.init()
        name = spec.name
        datatype = spec.elementType.rawValue
        shape = spec.wireShape.map { Int64($0) }
    }
}

extension Inference_ModelConfig {
    package init(_ configuration: V2ModelConfiguration) {
        self.init()
        name = configuration.name
        platform = configuration.platform
        backend = configuration.backend
        maxBatchSize = Int32(clamping: configuration.maximumBatchSize)
        versionPolicy.specific.versions = configuration.versions.map { Int64($0) }
        input = configuration.signature.inputs.map { spec in
            .with {
                $0.name = spec.name
                $0.dataType = Inference_DataType(spec.elementType)
                $0.dims = configuration.dimensions(of: spec)
                $0.optional = spec.isOptional
            }
        }
        output = configuration.signature.outputs.map { spec in
            .with {
                $0.name = spec.name
                $0.dataType = Inference_DataType(spec.elementType)
                $0.dims = configuration.dimensions(of: spec)
            }
        }
        instanceGroup = [
            .with {
                $0.name = configuration.name + "_0"
                $0.kind = .cpu
                $0.count = Int32(clamping: configuration.instanceCount)
            }
        ]
        defaultModelFilename = configuration.defaultFileName
        modelTransactionPolicy.decoupled = false
    }
}

extension V2ModelConfiguration {
    /// With batching the batch is not part of the dimensions.
    fileprivate func dimensions(of spec: TensorSpec) -> [Int64] {
        let shape = spec.wireShape.map { Int64($0) }
        return maximumBatchSize > 0 ? Array(shape.dropFirst()) : shape
    }
}

extension Inference_DataType {
    fileprivate init(_ type: ElementType) {
        self =
            switch type {
            case .bool: .typeBool
            case .uint8: .typeUint8
            case .uint16: .typeUint16
            case .uint32: .typeUint32
            case .uint64: .typeUint64
            case .int8: .typeInt8
            case .int16: .typeInt16
            case .int32: .typeInt32
            case .int64: .typeInt64
            case .float16: .typeFp16
            case .float32: .typeFp32
            case .float64: .typeFp64
            case .bytes: .typeString
            case .bfloat16: .typeBf16
            }
    }
}

extension Inference_ModelStatistics {
    package init(_ statistics: ModelStatistics) {
        self.init()
        name = statistics.name
        version = String(statistics.version)
        lastInference = statistics.lastInference
        inferenceCount = statistics.inferenceCount
        executionCount = statistics.executionCount
        inferenceStats = .with {
            $0.success = .init(statistics.success)
            $0.fail = .init(statistics.fail)
            $0.queue = .init(statistics.queue)
            $0.computeInput = .init(statistics.computeInput)
            $0.computeInfer = .init(statistics.computeInfer)
            $0.computeOutput = .init(statistics.computeOutput)
            $0.cacheHit = .init(statistics.cacheHit)
            $0.cacheMiss = .init(statistics.cacheMiss)
        }
        batchStats = statistics.batches.map { batch in
            .with {
                $0.batchSize = UInt64(clamping: batch.batchSize)
                $0.computeInput = .init(batch.computeInput)
                $0.computeInfer = .init(batch.computeInfer)
                $0.computeOutput = .init(batch.computeOutput)
            }
        }
        memoryUsage = statistics.memory.map { part in
            .with {
                $0.type = part.kind
                $0.id = Int64(part.id)
                $0.byteSize = part.byteCount
            }
        }
    }
}

extension Inference_StatisticDuration {
    fileprivate init(_ duration: StatisticDuration) {
        self.init()
        count = duration.count
        ns = duration.nanoseconds
    }
}

extension Inference_RepositoryIndexResponse.ModelIndex {
    package init(_ entry: V2RepositoryEntry) {
        self.init()
        name = entry.name
        version = entry.version.map { String($0) } ?? ""
        state = entry.state.rawValue
        reason = entry.reason
    }
}
