// SPDX-License-Identifier: Apache-2.0

import SlipwayFormats
import SlipwayTestKit
import Testing

@Suite("GGUF models in several files")
struct GGUFSplitTests {
    private let folder: TemporaryFolder
    private let parts = TinyModel.splitLanguageModel(stem: "tiny-q4")

    init() throws {
        folder = try TemporaryFolder()
        for part in parts { try folder.write(part.name, part.bytes) }
    }

    private var first: String { folder.path + "/" + parts[0].name }

    private func failure(_ path: String) throws -> FormatError {
        try #require(throws: FormatError.self) { try GGUFReader.read(path: path) }
    }

    @Test("are read as one, by the first of them")
    func whole() throws {
        let info = try GGUFReader.read(path: first)
        let alone = try GGUFReader.read(TinyModel.languageModel().bytes)
        #expect(info.files.map(\.name) == parts.map(\.name))
        #expect(info.files.map(\.byteCount) == parts.map(\.bytes.count))
        #expect(info.partCount == 3)
        #expect(info.tensorCount == 3)
        #expect(info.parameterCount == alone.parameterCount)
        #expect(info.tensorByteCount == alone.tensorByteCount)
        #expect(info.memory == alone.memory)
        try info.requireServable()
    }

    @Test("need all of their files")
    func missing() throws {
        let alone = try TemporaryFolder()
        let error = try failure(try alone.write(parts[0].name, parts[0].bytes))
        #expect(error.code == .missingFile)
        #expect(error.message.contains(parts[1].name))
    }

    @Test("are named by the first file")
    func otherFirst() throws {
        let error = try failure(folder.path + "/" + parts[1].name)
        #expect(error.code == .malformed)
        #expect(error.message.contains(parts[0].name))
    }

    @Test("need the names they had")
    func renamed() throws {
        let error = try failure(try folder.write("model.gguf", parts[0].bytes))
        #expect(error.message.contains("-00001-of-00003.gguf"))
    }

    @Test("are refused when a file is another one than its name says")
    func swapped() throws {
        try folder.write(parts[1].name, parts[2].bytes)
        #expect(try failure(first).location == parts[1].name)
    }

    @Test("are refused when a file is damaged, with its name")
    func damaged() throws {
        try folder.write(parts[2].name, Array(parts[2].bytes.dropLast()))
        let error = try failure(first)
        #expect(error.code == .truncated)
        #expect(error.message.contains(parts[2].name))
    }

    @Test("are refused when files have a tensor twice, or fewer than announced")
    func contradictions() throws {
        var twice = TinyModel.languageModel()
        twice.tensors = [twice.tensors[0]]
        twice.values = []
        twice["split.no"] = .uint32(1)
        twice["split.count"] = .uint32(3)
        try folder.write(parts[1].name, twice.bytes)
        #expect(try failure(first).location == "token_embd.weight")
        twice.tensors = []
        try folder.write(parts[1].name, twice.bytes)
        #expect(try failure(first).location == "split.tensors.count")
    }

    @Test(
        "are known by their names",
        arguments: [
            ("a-00001-of-00003.gguf", "a", 1, 3), ("x-of-y-00012-of-00012.gguf", "x-of-y", 12, 12),
        ])
    func names(name: String, stem: String, number: Int, count: Int) throws {
        let split = try #require(GGUFSplit(fileName: name))
        #expect(split.stem == stem && split.number == number && split.count == count)
        #expect(split.name(of: number) == name)
        #expect(split.name(of: 2, stem: "model").hasPrefix("model-00002-of-000"))
    }

    @Test(
        "are not taken for one by another name",
        arguments: [
            "model.gguf", "-00001-of-00003.gguf", "a-00004-of-00003.gguf", "a-00000-of-00003.gguf",
            "a-1-of-3.gguf", "a-00001-of-00003.bin", "a-+0001-of-00003.gguf", "a-00001-of-0000٣.gguf", "",
        ])
    func otherNames(name: String) { #expect(GGUFSplit(fileName: name) == nil) }
}
