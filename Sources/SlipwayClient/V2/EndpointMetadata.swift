// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// What a V2 server tells of a model.
package struct EndpointMetadata: Sendable, Hashable, Codable {
    package struct TensorMetadata: Sendable, Hashable, Codable {
        package let name: String
        package let datatype: ElementType
        /// -1 where any extent goes.
        package let shape: [Int]

        package init(name: String, datatype: ElementType, shape: [Int]) {
            self.name = name
            self.datatype = datatype
            self.shape = shape
        }
    }

    package let name: String
    package let versions: [String]?
    package let platform: String?
    package let inputs: [TensorMetadata]
    package let outputs: [TensorMetadata]

    package init(
        name: String, versions: [String]?, platform: String?, inputs: [TensorMetadata], outputs: [TensorMetadata]
    ) {
        self.name = name
        self.versions = versions
        self.platform = platform
        self.inputs = inputs
        self.outputs = outputs
    }
}

/// Triton's statistics extension, as far as it is used here.
package struct RemoteStatistics: Sendable, Hashable, Codable {
    package struct Total: Sendable, Hashable, Codable {
        package let count: UInt64
        /// Nanoseconds of all together.
        package let ns: UInt64
    }

    package struct InferenceTotals: Sendable, Hashable, Codable {
        package let success: Total
        package let fail: Total
        package let queue: Total
        package let computeInput: Total
        package let computeInfer: Total
        package let computeOutput: Total

        private enum CodingKeys: String, CodingKey {
            case success, fail, queue
            case computeInput = "compute_input"
            case computeInfer = "compute_infer"
            case computeOutput = "compute_output"
        }
    }

    package let name: String
    package let version: String
    /// Milliseconds since 1970.
    package let lastInference: UInt64
    /// Rows answered.
    package let inferenceCount: UInt64
    package let executionCount: UInt64
    package let inferenceStats: InferenceTotals

    private enum CodingKeys: String, CodingKey {
        case name, version
        case lastInference = "last_inference"
        case inferenceCount = "inference_count"
        case executionCount = "execution_count"
        case inferenceStats = "inference_stats"
    }
}
