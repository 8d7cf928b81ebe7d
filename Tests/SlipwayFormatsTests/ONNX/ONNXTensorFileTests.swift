// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats
import SlipwayTestKit
import Testing

@Suite("Tensors in files of their own")
struct ONNXTensorFileTests {
    private func file(_ build: (inout ProtobufWriter) -> Void) throws(FormatError) -> ONNXTensorFile {
        var writer = ProtobufWriter()
        build(&writer)
        return try ONNXTensorFile(MemorySource(writer.bytes))
    }

    @Test("raw values, with their name")
    func raw() throws {
        let read = try file { writer in
            writer.packed(1, [2, 1] as [Int64])
            writer.varint(2, 1)
            writer.string(8, "x")
            writer.data(9, [0, 0, 0x80, 0x3F, 0, 0, 0, 0x40] as [UInt8])
        }
        #expect(read.name == "x")
        #expect(read.tensor.shape == [2, 1])
        #expect(read.tensor.values(as: Float.self) == [1, 2])
    }

    @Test("values in lists: floats, whole numbers, bits of half floats, texts")
    func lists() throws {
        let floats = try file { writer in
            writer.packed(1, [2] as [Int64])
            writer.varint(2, 1)
            writer.packed(4, [0.5, -3] as [Float])
        }
        #expect(floats.tensor.values(as: Float.self) == [0.5, -3])
        let whole = try file { writer in
            writer.packed(1, [2] as [Int64])
            writer.varint(2, 7)
            writer.packed(7, [-1, 1 << 40] as [Int64])
        }
        #expect(whole.tensor.values(as: Int64.self) == [-1, 1 << 40])
        let halves = try file { writer in
            writer.packed(1, [1] as [Int64])
            writer.varint(2, 10)
            writer.packed(5, [0x3C00] as [Int64])
        }
        #expect(halves.tensor.values(as: Float16.self) == [1])
        let texts = try file { writer in
            writer.packed(1, [2] as [Int64])
            writer.varint(2, 8)
            writer.string(6, "one")
            writer.string(6, "")
        }
        var found: [String] = []
        texts.tensor.forEachBytes { found.append(String(decoding: $0, as: UTF8.self)) }
        #expect(found == ["one", ""] && texts.tensor.shape == [2])
    }

    @Test("a scalar has one value")
    func scalar() throws {
        let read = try file { writer in
            writer.varint(2, 6)
            writer.packed(5, [9] as [Int64])
        }
        #expect(read.tensor.shape == [] && read.tensor.values(as: Int32.self) == [9])
    }

    @Test(
        "a shape with another number of values is refused",
        arguments: [[3], [-2], [1 << 62, 1 << 62], [2, 2]] as [[Int64]])
    func counts(shape: [Int64]) {
        let error = #expect(throws: FormatError.self) {
            try file { writer in
                writer.packed(1, shape)
                writer.varint(2, 1)
                writer.packed(4, [1, 2] as [Float])
            }
        }
        #expect(error?.code == .malformed)
    }

    @Test("complex numbers and values in other files are named", arguments: [(14, false), (1, true)])
    func unsupported(type: Int, isElsewhere: Bool) {
        let error = #expect(throws: FormatError.self) {
            try file { writer in
                writer.varint(2, type)
                if isElsewhere { writer.varint(14, 1) }
            }
        }
        #expect(error?.code == .unsupported)
    }

    @Test("damaged files are refused")
    func damaged() throws {
        var seed = ProtobufWriter()
        seed.packed(1, [2, 2] as [Int64])
        seed.varint(2, 1)
        seed.string(8, "x")
        seed.packed(4, [1, 2, 3, 4] as [Float])
        try mutate(seeds: [seed.bytes], iterations: 5000, seed: 11) { _ = try ONNXTensorFile(MemorySource($0)) }
    }
}
