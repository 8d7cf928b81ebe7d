// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// What a Triton model configuration says, as far as it matters here, and what of it does not.
package struct TritonModelConfig: Sendable, Hashable {
    /// An input or an output as the configuration describes it.
    package struct TensorEntry: Sendable, Hashable {
        package var name: String
        /// `nil` where the configuration leaves it to the model.
        package var elementType: ElementType?
        /// Without the batch where ``TritonModelConfig/maximumBatchSize`` is above 0; -1 for any extent.
        package var dims: [Int]
        /// The file beside the configuration with the names of classes, one per line.
        package var labelFile: String?
    }

    package struct DynamicBatching: Sendable, Hashable {
        /// Ascending.
        package var preferredRows: [Int] = []
        package var maximumDelayMicroseconds = 0
        /// Requests that may wait; `nil` for any number.
        package var maximumQueue: Int?
        /// How long a request may wait that brings no limit of its own.
        package var timeoutMicroseconds: Int?
    }

    /// A setting that is not carried over, and why.
    package struct Unmapped: Sendable, Hashable, CustomStringConvertible {
        package let field: String
        package let reason: String
        package var description: String { "\(field): \(reason)" }
    }

    package var name: String?
    package var versionPolicy: VersionPolicy?
    /// 0 when requests are not batched, `nil` when nothing is said.
    package var maximumBatchSize: Int?
    package var inputs: [TensorEntry] = []
    package var outputs: [TensorEntry] = []
    package var instanceCount: Int?
    package var modelFile: String?
    package var batching: DynamicBatching?
    package var cachesAnswers: Bool?
    package var warmUp: LifecycleSpec.WarmUp?
    /// What a model cannot do without: with any of these it is not served here.
    package var obstacles: [Unmapped] = []
    /// Settings that the model is served without.
    package var ignored: [Unmapped] = []

    package init() {}

    /// Reads `config.pbtxt`.
    ///
    /// - Parameter file: What messages call the file.
    /// - Throws: `ControlError` `invalidRequest`, one line `file:line: what` for each of the first 20 problems.
    package static func parse(text: [UInt8], file: String) throws(ControlError) -> TritonModelConfig {
        try ConfigReader.read(text: text, file: file, TritonSchema.modelConfig) { TritonConfigReading.read($0, &$1) }
    }

    /// Reads the JSON form, as load requests and `GET /v2/models/M/config` have it.
    ///
    /// - Throws: As ``parse(text:file:)``; the lines are all 1.
    package static func parse(json: [UInt8], source: String) throws(ControlError) -> TritonModelConfig {
        try ConfigReader.read(json: json, source: source, TritonSchema.modelConfig) {
            TritonConfigReading.read($0, &$1)
        }
    }
}
