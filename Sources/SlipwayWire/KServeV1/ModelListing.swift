// SPDX-License-Identifier: Apache-2.0

/// The answers of `GET /v1/models` and `GET /v1/models/M`, each for the clients of three protocols at once.
///
/// KServe V1 reads `models`, `name` and `ready`; TensorFlow Serving `model_version_status`; OpenAI `object`, `data`,
/// `id`, `created` and `owned_by`. Each passes over the members of the others.
package struct ModelListing: Sendable, Hashable {
    package var name: String
    /// Whether a request would be answered.
    package var isReady: Bool
    package var versions: [TensorFlowVersionStatus]
    /// When the version that answers was registered, in seconds since 1970; 0 when that is not known.
    package var createdAt: Int64
    /// Of a language model that is loaded.
    package var language: LanguageFacts?

    /// What llama.cpp's server tells of a model in `meta`.
    package struct LanguageFacts: Sendable, Hashable {
        package var vocabularySize: Int
        package var trainingContext: Int
        package var embeddingWidth: Int
        package var parameterCount: UInt64
        /// Of the weights.
        package var byteCount: Int

        package init(
            vocabularySize: Int, trainingContext: Int, embeddingWidth: Int, parameterCount: UInt64, byteCount: Int
        ) {
            self.vocabularySize = vocabularySize
            self.trainingContext = trainingContext
            self.embeddingWidth = embeddingWidth
            self.parameterCount = parameterCount
            self.byteCount = byteCount
        }
    }

    package init(name: String, isReady: Bool, versions: [TensorFlowVersionStatus], createdAt: Int64) {
        self.name = name
        self.isReady = isReady
        self.versions = versions
        self.createdAt = createdAt
    }

    /// One model.
    ///
    /// - Parameter failure: Why it is not ready, for OpenAI's clients.
    package func encode(failure: OpenAIFailure? = nil) -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            failure?.write(to: &json)
            TensorFlowVersionStatus.write(versions, to: &json)
            json.member("name", name)
            json.member("ready", isReady)
            writeOpenAI(to: &json)
        }
        return json.bytes
    }

    /// All models.
    package static func encode(_ models: [ModelListing]) -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.member("models", models.map(\.name))
            json.member("object", "list")
            json.member("data", array: { json in for model in models { json.object { model.writeOpenAI(to: &$0) } } })
        }
        return json.bytes
    }

    /// The names alone, as KServe answers `GET /v2/models`.
    package static func encode(names: [String]) -> [UInt8] {
        var json = JSONWriter()
        json.object { $0.member("models", names) }
        return json.bytes
    }

    private func writeOpenAI(to json: inout JSONWriter) {
        json.member("id", name)
        json.member("object", "model")
        json.member("created", createdAt)
        json.member("owned_by", "slipway")
        guard let language else { return }
        json.member(
            "meta",
            object: { json in
                json.member("n_vocab", language.vocabularySize)
                json.member("n_ctx_train", language.trainingContext)
                json.member("n_embd", language.embeddingWidth)
                json.member("n_params", language.parameterCount)
                json.member("size", language.byteCount)
            })
    }
}
