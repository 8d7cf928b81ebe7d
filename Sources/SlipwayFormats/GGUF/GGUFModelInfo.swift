// SPDX-License-Identifier: Apache-2.0

/// What a GGUF model says of itself.
public struct GGUFModelInfo: Sendable, Hashable {
    public struct File: Sendable, Hashable {
        public let name: String
        public let byteCount: Int
    }

    /// How the outputs of a text's tokens become one vector; numbers as files have them.
    public enum Pooling: Int, Sendable, Hashable {
        case none, mean, cls, last, rank
    }

    /// What the model is for.
    public enum Purpose: String, Sendable, Hashable {
        case generation, embedding, reranking
    }

    /// The files that make the model, the first one first; empty for a model in memory.
    public let files: [File]
    /// Files that make the model; more than ``files`` has for one of several read alone.
    public let partCount: Int
    /// Of the format: 2 or 3.
    public let version: Int
    /// `llama`, `qwen3`; empty where the file does not tell.
    public let architecture: String
    /// `general.type`: `model`, `adapter`, `vocab`, `imatrix`, `mmproj`.
    public let kind: String
    public let name: String?
    /// The mixture of types, as people call it: `Q4_K_M`; the type of most bytes where the file does not tell.
    public let quantisation: String
    public let license: String?
    /// Texts and numbers under `general.`, without that prefix.
    public let card: [String: String]
    public let tensorCount: Int
    /// Elements of all tensors.
    public let parameterCount: Int
    /// Bytes of all tensors.
    public let tensorByteCount: Int

    /// Tokens of context it was trained with; 0 where the file does not tell, as with all numbers here.
    public let contextLength: Int
    public let embeddingLength: Int
    /// Of the vector that it gives for a text; ``embeddingLength`` where the file does not tell.
    public let outputLength: Int
    public let blockCount: Int
    /// Of each layer.
    public let headCounts: [Int]
    /// Of each layer; 0 for layers without attention.
    public let keyValueHeadCounts: [Int]
    public let keyLength: Int
    public let valueLength: Int
    public let expertCount: Int
    public let expertUsedCount: Int
    /// Tokens that layers with a window look back; `nil` where none has one.
    public let slidingWindow: Int?
    public let pooling: Pooling?
    /// Whether tokens see only those before them; `false` for encoders.
    public let isCausal: Bool
    /// Numbers of a head's keys that are rotated by their position.
    let ropeLength: Int
    /// The longest keys of any layer.
    let longestKey: Int

    public let vocabularySize: Int
    /// `gpt2`, `llama`, `bert`; `nil` where there is none.
    public let tokenizerModel: String?
    /// How text is cut before: `smollm`.
    public let tokenizerPre: String?
    public let beginToken: Int?
    public let endToken: Int?
    public let hasChatTemplate: Bool
    /// `nil` also for one longer than ``GGUFLimits/textBytes``.
    public let chatTemplate: String?

    public let memory: GGUFMemoryEstimate

    /// What it is for, as its pooling and its attention tell.
    public var purpose: Purpose {
        switch pooling {
        case .rank: .reranking
        case .mean, .cls, .last: .embedding
        case nil, .some(.none): isCausal ? .generation : .embedding
        }
    }

    /// Puts the heads of a model's files together.
    init(_ heads: [GGUFHead], files: [File]) throws(FormatError) {
        let facts = try GGUFFacts(heads)
        let (parameters, bytes) = try Self.totals(heads)
        self.files = files
        partCount = max(heads.count, facts.integer("split.count") ?? 1)
        version = heads[0].version
        architecture = facts.architecture
        kind = facts.text("general.type") ?? "model"
        name = facts.text("general.name")
        quantisation = Self.quantisation(heads, fileType: facts.integer("general.file_type"))
        license = facts.text("general.license")
        card = facts.card
        tensorCount = heads.reduce(0) { $0 + $1.tensors.count }
        parameterCount = parameters
        tensorByteCount = bytes
        contextLength = try facts.own("context_length")
        embeddingLength = try facts.own("embedding_length")
        let output = try facts.own("embedding_length_out")
        outputLength = output > 0 ? output : embeddingLength
        let shape = try GGUFLayers(facts)
        blockCount = shape.count
        headCounts = shape.headCounts
        keyValueHeadCounts = shape.keyValueHeadCounts
        keyLength = shape.keyLength
        valueLength = shape.valueLength
        expertCount = try facts.own("expert_count")
        expertUsedCount = try facts.own("expert_used_count")
        let window = try facts.own("attention.sliding_window")
        slidingWindow = window > 0 ? window : nil
        pooling = try facts.pooling()
        isCausal = facts.flag("attention.causal") ?? true
        ropeLength = try facts.own("rope.dimension_count")
        longestKey = try max(
            shape.keyLength, facts.own("attention.key_length_mla"), facts.own("attention.key_length_swa"))
        let announced = try facts.own("vocab_size")
        vocabularySize = facts.list("tokenizer.ggml.tokens") ?? announced
        tokenizerModel = facts.text("tokenizer.ggml.model")
        tokenizerPre = facts.text("tokenizer.ggml.pre")
        beginToken = facts.integer("tokenizer.ggml.bos_token_id")
        endToken = facts.integer("tokenizer.ggml.eos_token_id")
        hasChatTemplate = facts.has("tokenizer.chat_template")
        chatTemplate = facts.text("tokenizer.chat_template")
        memory = GGUFMemoryEstimate(
            layers: shape, weightBytes: bytes, vocabularySize: vocabularySize, embeddingLength: embeddingLength)
    }

    private static func totals(_ heads: [GGUFHead]) throws(FormatError) -> (parameters: Int, bytes: Int) {
        var (parameters, bytes) = (0, 0)
        var names: Set<String> = []
        for tensor in heads.lazy.flatMap(\.tensors) {
            guard heads.count == 1 || names.insert(tensor.name).inserted else {
                throw FormatError(.malformed, "two files of the model have a tensor of this name", at: tensor.name)
            }
            let (more, moreOverflow) = parameters.addingReportingOverflow(tensor.elementCount)
            let (sum, sumOverflow) = bytes.addingReportingOverflow(tensor.byteCount)
            guard !moreOverflow, !sumOverflow else {
                throw FormatError(.malformed, "the tensors have more elements than memory can address")
            }
            (parameters, bytes) = (more, sum)
        }
        if heads.count > 1, let announced = heads[0].metadata["split.tensors.count"]?.integer {
            let found = heads.reduce(0) { $0 + $1.tensors.count }
            guard found == announced else {
                throw FormatError(
                    .malformed, "the files have \(found) tensors together, the first announces \(announced)",
                    at: "split.tensors.count")
            }
        }
        return (parameters, bytes)
    }

    private static func quantisation(_ heads: [GGUFHead], fileType: Int?) -> String {
        // Its highest bits only say that the number was guessed.
        if let fileType, let name = GGUFFileType.name(fileType & 1023) { return name }
        var bytes: [String: Int] = [:]
        for tensor in heads.lazy.flatMap(\.tensors) { bytes[tensor.type.name, default: 0] += tensor.byteCount }
        return bytes.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key ?? "none"
    }
}
