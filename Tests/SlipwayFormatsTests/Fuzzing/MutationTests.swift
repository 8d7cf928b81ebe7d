// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats
import SlipwayTestKit
import Testing

/// Parsers of outside bytes answer damaged input with a `FormatError`: never a trap, another error or a hang.
@Suite("Mutated files")
struct MutationTests {
    // A few seconds together in a debug build; `make fuzz` goes on for as long as one likes.
    private let iterations = 4000

    private var onnxSeeds: [[UInt8]] {
        get throws {
            [
                TinyModel.identity(elementType: .bytes), TinyModel.zipMap(.integers), TinyModel.zipMap(.strings),
                try TinyModel.optionalInput(), TinyModel.sequenceOutput(), TinyModel.sequenceInput(),
                TinyModel.externalData(location: "w.bin", offset: 4096),
            ]
        }
    }

    @Test("ONNX reader")
    func onnx() throws {
        var refused = 0
        try mutate(seeds: onnxSeeds, iterations: iterations, seed: 1) { bytes in
            do { _ = try ONNXReader.read(bytes) } catch {
                refused += 1
                throw error
            }
        }
        // Otherwise the mutations would be too tame, or too wild, to reach anything.
        #expect((1..<iterations).contains(refused))
    }

    @Test("npy reader")
    func npy() throws {
        let seeds =
            try NumpyWriterTests.samples().map { try NumpyWriter.bytes(of: $0.tensor) } + [
                NumpyReaderTests.file(NumpyReaderTests.header(">f4", "(2, 2)", fortran: true), [UInt8](1...16)),
                NumpyReaderTests.file(NumpyReaderTests.header(">U1", "(2,)"), [0, 0, 0, 65, 0, 0, 0, 66]),
            ]
        try mutate(seeds: seeds, iterations: iterations, seed: 2) { _ = try NumpyReader.read($0) }
    }

    @Test("npz reader")
    func npz() throws {
        let samples = try NumpyWriterTests.samples()
        let seeds = [
            try NumpyArchive.bytes(of: samples), try NumpyArchive.bytes(of: samples, isCompressed: true),
            try ZipTests.archive(always64Bit: true),
        ]
        var limits = ZipLimits(totalByteCount: 16 << 20)
        limits.freeByteCount = 1 << 20
        try mutate(seeds: seeds, iterations: iterations, seed: 3) { bytes in
            let reader = try ZipReader(MemorySource(bytes), limits: limits)
            for index in reader.entries.indices { _ = try reader.read(index) }
            _ = try NumpyArchive.read(bytes, limits: limits)
        }
    }

    @Test("inflate", arguments: CompressionTests.framings)
    func inflate(framing: CompressionFraming) throws {
        let seeds = [try Deflate.compress(CompressionTests.text, framing: framing)]
        try mutate(seeds: seeds, iterations: iterations, seed: 4) { bytes in
            let output = try Inflate.decompress(bytes, framing: framing, outputLimit: 100_000)
            #expect(output.count <= 100_000)
        }
    }

    @Test("format detector")
    func detector() throws {
        let seeds =
            try onnxSeeds + [
                try ZipTests.archive(), [0x80, 4, 0x95] + [UInt8](repeating: 0, count: 20),
                try Deflate.compress([0x80, 4, 0x95, 0, 0], framing: .zlib),
            ]
        try mutate(seeds: seeds, iterations: iterations, seed: 5) { bytes in
            #expect(!FormatDetector.detect(bytes).summary.isEmpty)
        }
    }

    @Test("the harness gives the same inputs for the same seed, and reports foreign errors")
    func harness() throws {
        struct Foreign: Error {}
        var first = Mutator(seeds: [[1, 2, 3], [4, 5, 6]], seed: 42)
        var second = Mutator(seeds: [[1, 2, 3], [4, 5, 6]], seed: 42)
        for _ in 0..<100 { #expect(first.next() == second.next()) }
        #expect(throws: MutationFailure.self) {
            try mutate(seeds: [[1]], iterations: 1, seed: 1) { _ in throw Foreign() }
        }
    }
}
