// SPDX-License-Identifier: Apache-2.0

import SlipwayFormats
import SlipwayTestKit
import Testing

@Suite("GGUF reader")
struct GGUFReaderTests {
    @Test("tells what the file says of itself", arguments: [2, 3] as [UInt32])
    func facts(version: UInt32) throws {
        var writer = TinyModel.languageModel()
        writer.version = version
        let info = try GGUFReader.read(writer.bytes)
        #expect(info.version == Int(version))
        #expect(info.architecture == "llama")
        #expect(info.kind == "model")
        #expect(info.name == "Tiny")
        #expect(info.quantisation == "Q4_1")
        #expect(info.license == "apache-2.0")
        #expect(info.card["languages"] == "en, de")
        #expect(info.tensorCount == 3)
        #expect(info.parameterCount == 64 * 4 + 64 * 64 + 64)
        #expect(info.tensorByteCount == 1024 + 2560 + 256)
        #expect(info.contextLength == 128)
        #expect(info.embeddingLength == 64)
        #expect(info.blockCount == 2)
        #expect(info.headCounts == [4, 4])
        #expect(info.keyValueHeadCounts == [2, 2])
        #expect(info.keyLength == 16 && info.valueLength == 16)
        #expect(info.vocabularySize == 4)
        #expect(info.tokenizerModel == "gpt2" && info.tokenizerPre == "smollm")
        #expect(info.beginToken == 0 && info.endToken == 1)
        #expect(info.hasChatTemplate && info.chatTemplate == "{{ messages }}")
        #expect(info.pooling == nil && info.isCausal && info.slidingWindow == nil)
        #expect(info.purpose == .generation)
        try info.requireServable()
    }

    @Test("takes heads of each layer, lengths of keys and values, experts and windows from the file")
    func layers() throws {
        var writer = TinyModel.languageModel(architecture: "mix")
        writer["mix.attention.head_count_kv"] = .integers([4, 1])
        writer["mix.attention.key_length"] = .uint32(24)
        writer["mix.attention.value_length"] = .uint32(8)
        writer["mix.expert_count"] = .uint32(8)
        writer["mix.expert_used_count"] = .uint32(2)
        writer["mix.attention.sliding_window"] = .uint32(1024)
        let info = try GGUFReader.read(writer.bytes)
        #expect(info.keyValueHeadCounts == [4, 1])
        #expect(info.keyLength == 24 && info.valueLength == 8)
        #expect(info.expertCount == 8 && info.expertUsedCount == 2)
        #expect(info.slidingWindow == 1024)
        #expect(info.memory.elementsPerToken == 5 * 32)
    }

    @Test(
        "tells what a model is for by its pooling and its attention",
        arguments: [
            (1, true, .embedding), (2, false, .embedding), (3, true, .embedding), (4, true, .reranking),
            (nil, true, .generation), (0, true, .generation), (nil, false, .embedding), (-1, true, .generation),
        ] as [(Int32?, Bool, GGUFModelInfo.Purpose)])
    func purpose(pooling: Int32?, isCausal: Bool, purpose: GGUFModelInfo.Purpose) throws {
        var writer = TinyModel.languageModel()
        if let pooling { writer["llama.pooling_type"] = .int32(pooling) }
        writer["llama.attention.causal"] = .bool(isCausal)
        #expect(try GGUFReader.read(writer.bytes).purpose == purpose)
    }

    @Test("names the type of most bytes where the file names no mixture of types")
    func quantisation() throws {
        var writer = TinyModel.languageModel()
        writer["general.file_type"] = nil
        #expect(try GGUFReader.read(writer.bytes).quantisation == "Q4_1")
        writer["general.file_type"] = .uint32(15)
        #expect(try GGUFReader.read(writer.bytes).quantisation == "Q4_K_M")
    }

    @Test("knows the sizes of all types", arguments: typeTable)
    func types(number: UInt32, blockLength: UInt64, blockBytes: Int) throws {
        var writer = TinyModel.languageModel()
        writer.tensors = [
            .init("a", [blockLength * 2, 3], type: number, byteCount: blockBytes * 6), .init("b", [8], byteCount: 32),
        ]
        #expect(try GGUFReader.read(writer.bytes).tensorByteCount == blockBytes * 6 + 32)
        writer.tensors.removeLast()
        #expect(throws: FormatError.self) { try GGUFReader.read(Array(writer.bytes.dropLast())) }
    }

    /// Number, elements and bytes of a block, as ggml's own table has them.
    static let typeTable: [(UInt32, UInt64, Int)] = [
        (0, 1, 4), (1, 1, 2), (2, 32, 18), (3, 32, 20), (6, 32, 22), (7, 32, 24), (8, 32, 34), (9, 32, 36),
        (10, 256, 84), (11, 256, 110), (12, 256, 144), (13, 256, 176), (14, 256, 210), (15, 256, 292), (16, 256, 66),
        (17, 256, 74), (18, 256, 98), (19, 256, 50), (20, 32, 18), (21, 256, 110), (22, 256, 82), (23, 256, 136),
        (24, 1, 1), (25, 1, 2), (26, 1, 4), (27, 1, 8), (28, 1, 8), (29, 256, 56), (30, 1, 2), (34, 256, 54),
        (35, 256, 66), (39, 32, 17), (40, 64, 36), (41, 128, 18), (42, 64, 18),
    ]

    @Test(
        "says why a file is no model to serve",
        arguments: [
            ("adapter", "LoRA"), ("imatrix", "quantisation"), ("mmproj", "image"), ("vocab", "no weights"),
            ("sonata", "'sonata'"),
        ])
    func kinds(kind: String, word: String) throws {
        var writer = TinyModel.languageModel()
        writer["general.type"] = .text(kind)
        let info = try GGUFReader.read(writer.bytes)
        let error = try #require(throws: FormatError.self) { try info.requireServable() }
        #expect(error.code == .unsupported)
        #expect(error.message.contains(word))
    }

    @Test(
        "says what a model lacks",
        arguments: [
            "general.architecture", "llama.block_count", "llama.embedding_length", "llama.context_length",
            "tokenizer.ggml.model",
        ])
    func lacking(key: String) throws {
        var writer = TinyModel.languageModel()
        writer[key] = nil
        let info = try GGUFReader.read(writer.bytes)
        let error = try #require(throws: FormatError.self) { try info.requireServable() }
        #expect(error.location == key)
    }

    @Test(
        "refuses a vocabulary with a text twice, as llama.cpp reads texts",
        arguments: [
            (["a", "b", "a"], false), (["a", "b", "ab"], true), (["a\u{0}x", "b", "a\u{0}y"], false),
            (["", "", "[EMPTY_2]"], true), (["", "b", "[EMPTY_0]"], false), ([], true),
        ])
    func repeatedTokens(texts: [String], isSound: Bool) throws {
        var writer = TinyModel.languageModel()
        writer["tokenizer.ggml.tokens"] = .texts(texts)
        if isSound {
            #expect(try GGUFReader.read(writer.bytes).vocabularySize == texts.count)
            return
        }
        let error = try #require(throws: FormatError.self) { _ = try GGUFReader.read(writer.bytes) }
        #expect(error.code == .malformed)
        #expect(error.location == "tokenizer.ggml.tokens")
        writer["tokenizer.ggml.model"] = .text("hybriddna")
        _ = try GGUFReader.read(writer.bytes)
    }

    @Test(
        "refuses to serve heads that do not fit together",
        arguments: [
            ("attention.head_count_kv", 3, false), ("attention.head_count_kv", 1, true),
            ("rope.dimension_count", 18, false), ("rope.dimension_count", 7, false),
            ("rope.dimension_count", 16, true), ("rope.dimension_count", 8, true),
        ] as [(String, UInt32, Bool)])
    func heads(key: String, value: UInt32, isSound: Bool) throws {
        var writer = TinyModel.languageModel()
        writer["llama.\(key)"] = .uint32(value)
        let info = try GGUFReader.read(writer.bytes)
        if isSound { return try info.requireServable() }
        let error = try #require(throws: FormatError.self) { try info.requireServable() }
        #expect(error.location == "llama.\(key)")
    }

    @Test("refuses to serve what has no weights, and tokens outside the vocabulary")
    func unservable() throws {
        var writer = TinyModel.languageModel()
        writer["tokenizer.ggml.eos_token_id"] = .uint32(4)
        var info = try GGUFReader.read(writer.bytes)
        #expect(throws: FormatError.self) { try info.requireServable() }
        writer["tokenizer.ggml.eos_token_id"] = .uint32(.max)
        try GGUFReader.read(writer.bytes).requireServable()
        writer.tensors = []
        info = try GGUFReader.read(writer.bytes)
        #expect(throws: FormatError.self) { try info.requireServable() }
    }

    @Test("counts a template that is too long to be kept")
    func longTemplate() throws {
        var writer = TinyModel.languageModel()
        writer["tokenizer.chat_template"] = .text(String(repeating: "x", count: (1 << 20) + 1))
        let info = try GGUFReader.read(writer.bytes)
        #expect(info.hasChatTemplate)
        #expect(info.chatTemplate == nil)
    }
}
