// SPDX-License-Identifier: Apache-2.0

extension TinyModel {
    /// The head of a language model of two layers, with a vocabulary of four and weights of zeros.
    ///
    /// Every reader takes it for a model; no engine makes sense of it.
    public static func languageModel(architecture: String = "llama") -> GGUFWriter {
        var writer = GGUFWriter()
        writer["general.architecture"] = .text(architecture)
        writer["general.type"] = .text("model")
        writer["general.name"] = .text("Tiny")
        writer["general.license"] = .text("apache-2.0")
        writer["general.languages"] = .texts(["en", "de"])
        writer["general.file_type"] = .uint32(3)
        writer["\(architecture).block_count"] = .uint32(2)
        writer["\(architecture).context_length"] = .uint32(128)
        writer["\(architecture).embedding_length"] = .uint32(64)
        writer["\(architecture).feed_forward_length"] = .uint32(96)
        writer["\(architecture).attention.head_count"] = .uint32(4)
        writer["\(architecture).attention.head_count_kv"] = .uint32(2)
        writer["tokenizer.ggml.model"] = .text("gpt2")
        writer["tokenizer.ggml.pre"] = .text("smollm")
        writer["tokenizer.ggml.tokens"] = .texts(["<s>", "</s>", "a", "b"])
        writer["tokenizer.ggml.bos_token_id"] = .uint32(0)
        writer["tokenizer.ggml.eos_token_id"] = .uint32(1)
        writer["tokenizer.chat_template"] = .text("{{ messages }}")
        // F32 and Q4_1, which keeps 32 numbers in 20 bytes.
        writer.tensors = [
            GGUFWriter.Tensor("token_embd.weight", [64, 4], byteCount: 1024),
            GGUFWriter.Tensor("blk.0.attn_q.weight", [64, 64], type: 3, byteCount: 2560),
            GGUFWriter.Tensor("output_norm.weight", [64], byteCount: 256),
        ]
        return writer
    }

    /// The parts of ``languageModel(architecture:)``, one tensor in each, as they are named after `stem`.
    public static func splitLanguageModel(stem: String) -> [(name: String, bytes: [UInt8])] {
        let whole = languageModel()
        return whole.tensors.indices.map { index in
            var part = index == 0 ? whole : GGUFWriter()
            part.tensors = [whole.tensors[index]]
            part["split.no"] = .uint32(UInt32(index))
            part["split.count"] = .uint32(UInt32(whole.tensors.count))
            part["split.tensors.count"] = .int32(Int32(whole.tensors.count))
            return ("\(stem)-0000\(index + 1)-of-0000\(whole.tensors.count).gguf", part.bytes)
        }
    }
}
