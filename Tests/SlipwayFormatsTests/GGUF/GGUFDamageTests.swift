// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats
import SlipwayTestKit
import Testing

@Suite("Damaged GGUF files")
struct GGUFDamageTests {
    /// A change of a sound file, and what is said of it.
    struct Case: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let code: FormatError.Code
        let location: String?
        let change: @Sendable (inout GGUFWriter) -> Void

        init(
            _ name: String, _ code: FormatError.Code, at location: String? = nil,
            _ change: @escaping @Sendable (inout GGUFWriter) -> Void
        ) {
            testDescription = name
            self.code = code
            self.location = location
            self.change = change
        }
    }

    static let cases: [Case] = [
        Case("version 1", .unsupported) { $0.version = 1 },
        Case("big endian", .unsupported) { $0.version = UInt32(3).byteSwapped },
        Case("a version to come", .unsupported) { $0.version = 4 },
        Case("no version", .unsupported) { $0.version = 0 },
        Case("more tensors than bytes", .truncated) { $0.announcedTensors = .max },
        Case("more values than bytes", .truncated) { $0.announcedValues = 1 << 63 },
        Case("more values than there are", .truncated) { $0.announcedValues = UInt64($0.values.count + 1) },
        Case("two values of one key", .malformed, at: "general.name") {
            $0.values.append(("general.name", .uint32(1)))
        },
        Case("a key of nothing", .malformed) { $0[""] = .uint32(1) },
        Case("a key that is too long", .malformed) { $0[String(repeating: "k", count: 70_000)] = .uint32(1) },
        Case("a value of an unknown type", .malformed, at: "x") { $0["x"] = .raw(13, [0, 0, 0, 0]) },
        Case("a text longer than the file", .truncated, at: "x") {
            $0["x"] = .raw(8, [UInt8](repeating: 0xFF, count: 8))
        },
        Case("a list longer than the file", .truncated, at: "x") {
            $0["x"] = .raw(9, [0, 0, 0, 0] + [UInt8](repeating: 0xFF, count: 8))
        },
        Case("a list of texts longer than the file", .truncated, at: "x") {
            $0["x"] = .raw(9, [8, 0, 0, 0] + [0, 0, 0, 0, 0, 0, 0, 1])
        },
        Case("a list of wide numbers whose size overflows", .truncated, at: "x") {
            $0["x"] = .raw(9, [10, 0, 0, 0] + [0, 0, 0, 0, 0, 0, 0, 0x20])
        },
        Case("a list of lists", .unsupported, at: "x") {
            $0["x"] = .raw(9, [9, 0, 0, 0] + [1, 0, 0, 0, 0, 0, 0, 0] + [UInt8](repeating: 0, count: 64))
        },
        Case("an alignment that is no power of two", .malformed, at: "general.alignment") {
            $0["general.alignment"] = .uint32(48)
        },
        Case("an alignment of nothing", .malformed, at: "general.alignment") { $0["general.alignment"] = .uint32(0) },
        Case("an alignment that is a text", .malformed, at: "general.alignment") {
            $0["general.alignment"] = .text("32")
        },
        Case("two tensors of one name", .malformed, at: "output_norm.weight") {
            $0.tensors.append(.init("output_norm.weight", [8], byteCount: 32))
        },
        Case("a tensor without a name", .malformed) { $0.tensors[0].name = "" },
        Case("a tensor with a long name", .malformed) { $0.tensors[0].name = String(repeating: "n", count: 64) },
        Case("a tensor of five dimensions", .malformed, at: "token_embd.weight") {
            $0.tensors[0].dimensions = [2, 2, 2, 2, 2]
        },
        Case("a tensor with a dimension of 0", .malformed, at: "token_embd.weight") {
            $0.tensors[0].dimensions = [64, 0]
        },
        Case("a tensor with a dimension beyond memory", .malformed, at: "token_embd.weight") {
            $0.tensors[0].dimensions = [1 << 63]
        },
        Case("a tensor whose elements overflow", .malformed, at: "token_embd.weight") {
            $0.tensors[0].dimensions = [1 << 40, 1 << 40]
        },
        Case("a tensor whose bytes overflow", .malformed, at: "token_embd.weight") {
            $0.tensors[0].dimensions = [1 << 62]
        },
        Case("a tensor of an unknown type", .unsupported, at: "token_embd.weight") { $0.tensors[0].type = 43 },
        Case("a tensor of a type given up", .unsupported, at: "token_embd.weight") { $0.tensors[0].type = 31 },
        Case("rows that are no whole blocks", .malformed, at: "blk.0.attn_q.weight") {
            $0.tensors[1].dimensions = [33, 64]
        },
        Case("an offset between two places", .malformed, at: "blk.0.attn_q.weight") { $0.tensors[1].offset = 1025 },
        Case("an offset behind the file", .truncated, at: "blk.0.attn_q.weight") { $0.tensors[1].offset = 1 << 40 },
        Case("an offset beyond memory", .malformed, at: "blk.0.attn_q.weight") { $0.tensors[1].offset = 1 << 63 },
        Case("an offset whose end overflows", .truncated, at: "blk.0.attn_q.weight") {
            $0.tensors[1].offset = (1 << 63) - 32
        },
        Case("tensors on top of one another", .malformed, at: "blk.0.attn_q.weight") { $0.tensors[1].offset = 992 },
        Case("a tensor larger than it is", .truncated, at: "output_norm.weight") {
            $0.tensors[2].dimensions = [64, 64]
        },
        Case("more layers than any model has", .malformed, at: "llama.block_count") {
            $0["llama.block_count"] = .uint32(.max)
        },
        Case("a negative length", .malformed, at: "llama.context_length") { $0["llama.context_length"] = .int32(-1) },
        Case("fewer heads than layers", .malformed, at: "llama.attention.head_count") {
            $0["llama.attention.head_count"] = .integers([4])
        },
        Case("a pooling that is none", .unsupported, at: "llama.pooling_type") {
            $0["llama.pooling_type"] = .uint32(9)
        },
        Case("too many files", .limitExceeded, at: "split.count") { $0["split.count"] = .uint32(5000) },
        Case("a negative number of files", .malformed, at: "split.count") { $0["split.count"] = .int32(-3) },
    ]

    @Test("are refused with what is wrong and where", arguments: cases)
    func refused(example: Case) throws {
        var writer = TinyModel.languageModel()
        example.change(&writer)
        let error = try #require(throws: FormatError.self) { try GGUFReader.read(writer.bytes) }
        #expect(error.code == example.code, "\(error)")
        if let location = example.location { #expect(error.location == location) }
    }

    @Test("are refused wherever they were cut off")
    func truncated() throws {
        let whole = TinyModel.languageModel().bytes
        for count in 0..<whole.count {
            let error = try #require(throws: FormatError.self) { try GGUFReader.read(Array(whole[..<count])) }
            #expect(error.code == .truncated, "cut at \(count): \(error)")
        }
    }

    @Test("are refused beyond a limit")
    func limits() throws {
        let bytes = TinyModel.languageModel().bytes
        let paths: [WritableKeyPath<GGUFLimits, Int>] = [
            \.headByteCount, \.metadataCount, \.tensorCount, \.textListCount, \.keptBytes,
        ]
        for path in paths {
            var limits = GGUFLimits()
            limits[keyPath: path] = 1
            let error = try #require(throws: FormatError.self) { try GGUFReader.read(bytes, limits: limits) }
            #expect(error.code == .limitExceeded, "\(error)")
        }
    }

    @Test("cost little memory, however many tensors and values they announce")
    func announced() throws {
        var writer = TinyModel.languageModel()
        writer.announcedTensors = 90_000
        writer["padding"] = .text(String(repeating: "x", count: 4 << 20))
        // Sound so far, but the list of tensors runs into the weights, whose zeros are no names.
        #expect(throws: FormatError.self) { try GGUFReader.read(writer.bytes) }
    }

    @Test("end in a refusal or a result, never in a trap")
    func mutations() throws {
        var encoder = TinyModel.languageModel(architecture: "bert")
        encoder["bert.attention.causal"] = .bool(false)
        encoder["bert.pooling_type"] = .uint32(1)
        var hybrid = TinyModel.languageModel(architecture: "h")
        hybrid["h.attention.head_count_kv"] = .integers([0, 2])
        hybrid["h.ssm.inner_size"] = .uint32(128)
        hybrid["h.ssm.conv_kernel"] = .uint32(4)
        hybrid["h.ssm.state_size"] = .uint64(16)
        hybrid["h.attention.recurrent_layers"] = .flags([true, false])
        hybrid["h.rope.freq_base"] = .float32(1e4)
        let seeds = [TinyModel.languageModel().bytes, encoder.bytes, hybrid.bytes]
        let iterations = 4000
        var refused = 0
        try mutate(seeds: seeds, iterations: iterations, seed: 6) { bytes in
            do {
                let info = try GGUFReader.read(bytes)
                _ = info.memory.bytes(cells: .max, batch: 2048, sequences: 256, elementBytes: 4)
                try info.requireServable()
            } catch {
                refused += 1
                throw error
            }
        }
        // Otherwise the mutations would be too tame, or too wild, to reach anything.
        #expect((1..<iterations).contains(refused))
    }
}
