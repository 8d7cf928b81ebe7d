// SPDX-License-Identifier: Apache-2.0

extension GGUFModelInfo {
    /// Refuses what is no model that can answer by itself, and files that lack what every model has.
    ///
    /// - Throws: ``FormatError`` `unsupported` or `malformed`, with what to do.
    public func requireServable() throws(FormatError) {
        if let refusal = refusal { throw FormatError(.unsupported, refusal, at: "general.type") }
        guard !architecture.isEmpty else { throw Self.missing("general.architecture") }
        guard let tokenizerModel, !["none", "no_vocab"].contains(tokenizerModel), vocabularySize > 0 else {
            throw FormatError(
                .unsupported, "the model has no tokenizer, so it cannot read text: convert it again with its tokenizer",
                at: "tokenizer.ggml.model")
        }
        let numbers = [
            ("block_count", blockCount), ("embedding_length", embeddingLength), ("context_length", contextLength),
        ]
        for (key, value) in numbers where value == 0 { throw Self.missing("\(architecture).\(key)") }
        try requireSoundHeads()
        for (key, token) in [("bos_token_id", beginToken), ("eos_token_id", endToken)] {
            // -1, also as an unsigned number, says that there is none.
            guard let token, token != -1, token != Int(UInt32.max) else { continue }
            guard (0..<vocabularySize).contains(token) else {
                throw FormatError(
                    .malformed, "the token is \(token), expected one of the \(vocabularySize) of the vocabulary",
                    at: "tokenizer.ggml.\(key)")
            }
        }
    }

    /// Heads that do not fit together end llama.cpp's process, and no error.
    private func requireSoundHeads() throws(FormatError) {
        for (heads, keyValueHeads) in zip(headCounts, keyValueHeadCounts) where heads > 0 && keyValueHeads > 0 {
            guard heads.isMultiple(of: keyValueHeads), longestKey > 0 else {
                throw FormatError(
                    .malformed, "\(heads) heads of \(longestKey) numbers do not share \(keyValueHeads) keys evenly",
                    at: "\(architecture).attention.head_count_kv")
            }
            guard ropeLength <= longestKey, ropeLength.isMultiple(of: 2) else {
                throw FormatError(
                    .malformed, "is \(ropeLength), expected an even number up to \(longestKey), the length of keys",
                    at: "\(architecture).rope.dimension_count")
            }
        }
    }

    /// Why a file of this type is not served by itself.
    private var refusal: String? {
        switch kind {
        case "adapter":
            return "the file is a LoRA adapter and not a model: merge it into its base model, and import the result"
        case "imatrix":
            return "the file is an importance matrix, which guides quantisation: import the model it was made for"
        case "mmproj":
            return "the file is the image part of a model: import the model's own file"
        case "vocab":
            return "the file holds a vocabulary and no weights: import the model itself"
        case "model":
            if architecture == "clip" { return "the file is the image part of a model: import the model's own file" }
            if tensorCount == 0 { return "the file holds no weights: import the model itself" }
            return nil
        default:
            return "the file says that it is of type '\(kind.prefix(64))', expected a model"
        }
    }

    private static func missing(_ key: String) -> FormatError {
        FormatError(
            .malformed, "the file does not tell '\(key.prefix(128))', which every model has: convert it again", at: key)
    }
}
