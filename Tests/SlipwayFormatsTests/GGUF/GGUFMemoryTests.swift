// SPDX-License-Identifier: Apache-2.0

import Foundation
import SlipwayFormats
import SlipwayTestKit
import Testing

@Suite("Memory of GGUF models")
struct GGUFMemoryTests {
    /// SmolLM2-135M, as Scripts/bootstrap fetches it.
    static let smollm =
        NSHomeDirectory()
        + "/.cache/slipway/assets/smollm2-0.1.2/SmolLM2-135M-Instruct.Q4_1.gguf"

    @Test("of a plain transformer follows from its heads")
    func plain() throws {
        let memory = try GGUFReader.read(TinyModel.languageModel().bytes).memory
        // Two layers, two heads of keys and of values, sixteen numbers each.
        #expect(memory.elementsPerToken == 2 * 2 * (16 + 16))
        #expect(memory.stateBytesPerSequence == 0)
        #expect(memory.weightBytes == 3840)
        #expect(memory.cacheBytes(cells: 1, elementBytes: 2) == 256 * 128 * 2)
        #expect(memory.cacheBytes(cells: 512, elementBytes: 1.0625) == 512 * 136)
        let all = memory.bytes(cells: 256, batch: 8, sequences: 2, elementBytes: 2)
        #expect(all == 3840 + 65_536 + memory.computeBytes(cells: 256, batch: 8, outputs: 2) + 2 * 4 * 4)
    }

    @Test("counts layers with and without attention, however the file tells which", arguments: [0, 1, 2])
    func hybrid(way: Int) throws {
        var writer = TinyModel.languageModel()
        writer["llama.ssm.inner_size"] = .uint32(128)
        writer["llama.ssm.conv_kernel"] = .uint32(4)
        writer["llama.ssm.state_size"] = .uint32(16)
        writer["llama.ssm.group_count"] = .uint32(1)
        switch way {
        case 0: writer["llama.attention.head_count_kv"] = .integers([0, 2])
        case 1: writer["llama.attention.recurrent_layers"] = .flags([true, false])
        default: writer["llama.full_attention_interval"] = .uint32(2)
        }
        let memory = try GGUFReader.read(writer.bytes).memory
        #expect(memory.elementsPerToken == 2 * (16 + 16))
        // Convolution and state in float32: 3 * (128 + 2 * 16) + 16 * 128 numbers.
        #expect(memory.stateBytesPerSequence == (480 + 2048) * 4)
        #expect(memory.cacheBytes(cells: 256, sequences: 3, elementBytes: 2) == 256 * 64 * 2 + 3 * 2528 * 4)
    }

    @Test("counts neither layers that use another's cache nor values that latent attention does not keep")
    func savings() throws {
        var writer = TinyModel.languageModel()
        writer["llama.attention.shared_kv_layers"] = .uint32(1)
        #expect(try GGUFReader.read(writer.bytes).memory.elementsPerToken == 2 * 32)
        writer["llama.attention.shared_kv_layers"] = nil
        writer["llama.attention.key_length_mla"] = .uint32(16)
        #expect(try GGUFReader.read(writer.bytes).memory.elementsPerToken == 2 * 2 * 16)
    }

    @Test("saturates instead of overflowing")
    func saturation() throws {
        let memory = try GGUFReader.read(TinyModel.languageModel().bytes).memory
        #expect(memory.bytes(cells: .max, batch: .max, sequences: .max, elementBytes: 4) == .max)
        #expect(memory.bytes(cells: -1, batch: -1, sequences: -1, elementBytes: 2) > 0)
    }

    @Test(
        "of SmolLM2-135M is what llama.cpp sets aside",
        .enabled(if: FileManager.default.fileExists(atPath: smollm)),
        arguments: [
            // Cells, batch, outputs, bytes of a number, and MiB of caches and compute buffer as llama.cpp logs them.
            (256, 64, 64, 2.0, 5.625, 12.28), (512, 512, 512, 2, 11.25, 98.25), (4096, 512, 512, 2, 90, 98.25),
            (4096, 512, 512, 1.0625, 47.8125, 99.38), (2048, 2048, 2048, 2, 45, 410.05),
            (4096, 512, 8, 2, 90, 17.51), (16_384, 2048, 4, 2, 360, 118.05),
        ])
    func smollm2(
        cells: Int, batch: Int, outputs: Int, elementBytes: Double, cacheMiB: Double, computeMiB: Double
    ) throws {
        let info = try GGUFReader.read(path: Self.smollm)
        try info.requireServable()
        #expect(info.parameterCount == 134_515_008)
        #expect(info.quantisation == "Q4_1" && info.vocabularySize == 49_152 && info.endToken == 2)
        #expect(info.chatTemplate?.contains("<|im_start|>") == true)
        let mebibyte = 1_048_576.0
        #expect(Double(info.memory.cacheBytes(cells: cells, elementBytes: elementBytes)) / mebibyte == cacheMiB)
        let compute = Double(info.memory.computeBytes(cells: cells, batch: batch, outputs: outputs)) / mebibyte
        // An upper bound: buffers that are free by then are used again, which saves up to the mask (4 MiB of 104
        // here); the log gives two decimals.
        #expect(compute >= computeMiB - 0.01 && compute <= computeMiB * 1.07, "\(compute)")
    }
}
