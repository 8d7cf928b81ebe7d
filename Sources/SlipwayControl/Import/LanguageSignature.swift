// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// The tensors that a language model is asked with over protocols that know tensors only.
enum LanguageSignature {
    static func of(_ info: GGUFModelInfo) -> ModelSignature {
        switch info.purpose {
        case .generation: generation
        case .embedding: embedding(width: info.outputLength)
        case .reranking: reranking
        }
    }

    /// One text in, the text that follows it out.
    private static let generation = ModelSignature(
        inputs: [
            TensorSpec(name: "text_input", elementType: .bytes, shape: [.fixed(1)]),
            TensorSpec(name: "max_tokens", elementType: .int32, shape: [.fixed(1)], isOptional: true),
            TensorSpec(name: "temperature", elementType: .float32, shape: [.fixed(1)], isOptional: true),
        ],
        outputs: [TensorSpec(name: "text_output", elementType: .bytes, shape: [.fixed(1)])])

    /// Texts in, a vector of each out.
    private static func embedding(width: Int) -> ModelSignature {
        ModelSignature(
            inputs: [TensorSpec(name: "text_input", elementType: .bytes, shape: [.symbolic("texts")])],
            outputs: [
                TensorSpec(name: "embedding", elementType: .float32, shape: [.symbolic("texts"), .fixed(width)])
            ])
    }

    /// A question and documents in, how well each answers it out.
    private static let reranking = ModelSignature(
        inputs: [
            TensorSpec(name: "query", elementType: .bytes, shape: [.fixed(1)]),
            TensorSpec(name: "documents", elementType: .bytes, shape: [.symbolic("documents")]),
        ],
        outputs: [TensorSpec(name: "scores", elementType: .float32, shape: [.symbolic("documents")])])
}
