// SPDX-License-Identifier: Apache-2.0

import SlipwayFormats
import SlipwayTestKit
import Testing

@Suite("ONNX external data")
struct ONNXExternalDataTests {
    @Test("lists the file and the bytes read from it")
    func listed() throws {
        let info = try ONNXReader.read(TinyModel.externalData(location: "./weights/w.bin", offset: 4096))
        #expect(info.externalFiles == [.init(path: "weights/w.bin", byteCount: 4096 + 16)])
        #expect(info.initializerByteCount == 16)
    }

    @Test("takes the length from the shape when the file gives none")
    func lengthFromShape() throws {
        let info = try ONNXReader.read(TinyModel.externalData(location: "w.bin", length: nil))
        #expect(info.externalFiles == [.init(path: "w.bin", byteCount: 16)])
    }

    @Test(
        "refuses a path out of the folder",
        arguments: ["/etc/passwd", "../w.bin", "a/../../w.bin", "..", "a\\..\\w.bin", "w\u{0}.bin", "/", "."])
    func escapes(location: String) throws {
        let error = try #require(throws: FormatError.self) {
            try ONNXReader.read(TinyModel.externalData(location: location))
        }
        #expect(error.code == .unsafePath)
    }

    @Test("refuses an empty location, lengths below the shape's and offsets that overflow")
    func contradictions() {
        for bytes in [
            TinyModel.externalData(location: ""), TinyModel.externalData(location: "w", length: 15),
            TinyModel.externalData(location: "w", offset: -1), TinyModel.externalData(location: "w", offset: .max),
        ] {
            #expect(throws: FormatError.self) { try ONNXReader.read(bytes) }
        }
    }

    @Test("accepts a model whose file is beside it, in a folder below, or linked within")
    func present() throws {
        let folder = try TemporaryFolder()
        try folder.makeFolder("data")
        try folder.write("data/w.bin", TinyModel.externalDataFile)
        try folder.link("linked.bin", to: "data/w.bin")
        for location in ["data/w.bin", "linked.bin"] {
            let path = try folder.write("m.onnx", TinyModel.externalData(location: location))
            #expect(try ONNXReader.read(path: path).externalFiles.map(\.path) == [location])
        }
    }

    @Test("names the file that is missing")
    func missing() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("m.onnx", TinyModel.externalData(location: "w.bin"))
        let error = try #require(throws: FormatError.self) { try ONNXReader.read(path: path) }
        #expect(error.code == .missingFile)
        #expect(error.location == "w.bin")
    }

    @Test("refuses a file shorter than the model reads")
    func tooShort() throws {
        let folder = try TemporaryFolder()
        try folder.write("w.bin", Array(TinyModel.externalDataFile.dropLast()))
        let path = try folder.write("m.onnx", TinyModel.externalData(location: "w.bin"))
        let error = try #require(throws: FormatError.self) { try ONNXReader.read(path: path) }
        #expect(error.code == .truncated)
    }

    @Test("refuses a link that leads out of the folder")
    func linkOut() throws {
        let outside = try TemporaryFolder()
        let target = try outside.write("w.bin", TinyModel.externalDataFile)
        let folder = try TemporaryFolder()
        try folder.link("w.bin", to: target)
        let path = try folder.write("m.onnx", TinyModel.externalData(location: "w.bin"))
        let error = try #require(throws: FormatError.self) { try ONNXReader.read(path: path) }
        #expect(error.code == .unsafePath)
    }

    @Test("says when the model's own file is missing, a folder or not readable as a file")
    func ownFile() throws {
        let folder = try TemporaryFolder()
        let missing = try #require(throws: FormatError.self) { try ONNXReader.read(path: folder.path + "/no") }
        #expect(missing.code == .missingFile)
        let directory = try #require(throws: FormatError.self) { try ONNXReader.read(path: folder.path) }
        #expect(directory.code == .unreadable)
    }
}
