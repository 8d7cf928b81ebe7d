// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats
import Testing

@Suite("PyTorch files that show more than they have")
struct TorchExpansionTests {
    /// A state dict of tensors `[rows, 8]` of float32 that all show the one element of a storage.
    private static func archive(_ tensors: [(name: String, rows: Int)]) throws -> TorchArchive {
        let mark = Opcodes.mark
        let storage =
            mark + Opcodes.text("storage") + Opcodes.global("torch", "FloatStorage") + Opcodes.text("0")
            + Opcodes.text("cpu") + [0x4B, 1, 0x74, 0x51]
        let hooks = Opcodes.global("collections", "OrderedDict") + [0x29, 0x52]
        var members: [UInt8] = []
        for (name, rows) in tensors {
            let shape = [0x4A] + Opcodes.littleEndian(Int32(rows)) + [0x4B, 8] + Opcodes.tuple2
            let strides = [0x4B, 0, 0x4B, 0] + Opcodes.tuple2
            members += Opcodes.text(name) + Opcodes.global("torch._utils", "_rebuild_tensor_v2") + mark + storage
            members += [0x4B, 0] + shape + strides + [0x89] + hooks + [0x74] + Opcodes.reduce
        }
        var writer = ZipWriter()
        try writer.add("archive/data.pkl", Opcodes.pickle(2, Opcodes.emptyDictionary, mark, members, [0x75]))
        try writer.add("archive/version", Array("3\n".utf8))
        try writer.add("archive/data/0", [0, 0, 0x80, 0x3F])
        return try TorchArchive(MemorySource(writer.finish()))
    }

    @Test("a tensor that shows one element a few times is written")
    func few() throws {
        var bytes: [UInt8] = []
        try Self.archive([("a", 2)]).writeSafetensors { bytes += $0 }
        let file = try SafetensorsReader.read(bytes)
        let tensor = try #require(file.tensor(named: "a"))
        #expect(try file.read(tensor).values(as: Float.self) == [Float](repeating: 1, count: 16))
    }

    @Test("tensors that show one element millions of times are refused, alone or together, before any is written")
    func many() throws {
        // 32 bytes a row: 16 MiB and a row, and half of that three times.
        for tensors in [[("a", (1 << 19) + 1)], [("a", 1 << 18), ("b", 1 << 18), ("c", 1 << 18)]] {
            let archive = try Self.archive(tensors)
            let error = #expect(throws: FormatError.self) {
                try archive.writeSafetensors { _ in Issue.record("wrote") }
            }
            #expect(error?.code == .limitExceeded)
            #expect(error?.message.contains("save") == true)
        }
    }
}
