// SPDX-License-Identifier: Apache-2.0

import SlipwayControl
import SlipwayCore
import SlipwayEngine
import SlipwayFormats
import SlipwayRegistry
import SlipwaySecurity
import SlipwayTestKit
import SlipwayWire
import Testing

@Suite("Import")
struct ModelImporterTests {
    @Test("registers what the file says of itself")
    func new() async throws {
        let home = try TestHome()
        let bytes = TinyModel.zipMap(.strings)
        let path = try home.write(bytes, as: "churn.onnx")
        let progress = Collected<Double>()
        let result = try await home.control.importModel(
            ImportRequest(path: path, model: "churn", alias: "champion")
        ) { progress.add($0) }
        #expect(result.isNew)
        #expect(result.notes == [])
        let version = result.version
        #expect(version.id == VersionID(model: "churn", number: 1))
        #expect(version.format == "onnx")
        #expect(version.engine == "onnxruntime")
        #expect(version.aliases == ["champion"])
        #expect(version.signature.inputs.map(\.name) == ["x"])
        #expect(version.files.map(\.path) == ["model.onnx"])
        #expect(version.files.first?.digest == SHA256Hasher.digest(of: bytes))
        #expect(version.byteCount == bytes.count)
        #expect(version.source.name == "churn.onnx")
        #expect(version.metadata["labels.probabilities"] == "cat\ndog\nowl")
        #expect(version.metadata["onnx.opsets"] == "ai.onnx 17, ai.onnx.ml 3")
        #expect(progress.values.last == 1)
        #expect(progress.values.allSatisfy { (0...1).contains($0) })
        #expect(home.engine.tally.counts.loaded == 1)
        #expect(home.engine.tally.counts.alive == 0)
    }

    @Test("the same bundle again is the same version, whatever its file is called; an alias still moves")
    func sameAgain() async throws {
        let home = try TestHome()
        let first = try await home.importIdentity()
        let path = try home.write(TinyModel.identity(), as: "other name.onnx")
        let again = try await home.control.importModel(
            ImportRequest(path: path, model: "m", alias: "live", sourceName: "renamed.onnx")
        ) { _ in }
        #expect(!again.isNew)
        #expect(again.version.id == first.version.id)
        #expect(again.version.aliases == ["live"])
        let second = try await home.importIdentity(.int64, alias: "live")
        #expect(second.isNew)
        #expect(second.version.version == 2)
        #expect(second.version.aliases == ["live"])
        #expect(try await home.importIdentity(as: "other").version.version == 1)
    }

    @Test("takes the one model of a folder, with the files it refers to")
    func folder() async throws {
        let home = try TestHome()
        let path = try home.write(TinyModel.externalData(location: "weights/w.bin"), as: "net.onnx")
        let folder = String(path.dropLast("/net.onnx".count))
        try PosixFolder.make(folder + "/weights")
        _ = try home.folder.file(
            folder.dropFirst(home.folder.path.count + 1) + "/weights/w.bin", TinyModel.externalDataFile)
        let result = try await home.control.importModel(ImportRequest(path: folder, model: "m")) { _ in }
        #expect(result.version.files.map(\.path) == ["model.onnx", "weights/w.bin"])
        let source = RegistryModelSource(store: home.store, artifacts: home.artifacts)
        let resolved = try await source.resolve(result.version.id)
        let laidOut = try await source.fetch(resolved)
        #expect(try TemporaryFolder.contents(of: laidOut + "/weights/w.bin") == TinyModel.externalDataFile)
        let bundle = try await source.verify(resolved, in: laidOut)
        #expect(bundle.path == laidOut + "/model.onnx")
    }

    @Test("gives the graph another name where a file it refers to has its own")
    func nameTaken() async throws {
        let home = try TestHome()
        let path = try home.write(TinyModel.externalData(location: "model.onnx"), as: "net.onnx")
        let folder = path.dropFirst(home.folder.path.count + 1).dropLast("/net.onnx".count)
        _ = try home.folder.file(folder + "/model.onnx", TinyModel.externalDataFile)
        let result = try await home.control.importModel(ImportRequest(path: path, model: "m")) { _ in }
        #expect(result.version.files.map(\.path).sorted() == ["model-graph.onnx", "model.onnx"])
        #expect(try await home.store.version(result.version.id)?.draft.primaryPath == "model-graph.onnx")
        // The folder with both is that model, too.
        let whole = home.folder.path + "/" + folder
        let again = try await home.control.importModel(ImportRequest(path: whole, model: "m")) { _ in }
        #expect(!again.isNew)
    }

    @Test("a folder must hold one model", arguments: [[], ["a.onnx", "b.onnx"]])
    func ambiguousFolder(names: [String]) async throws {
        let home = try TestHome()
        let folder = try PosixFolder.makeTemporary(prefix: home.folder.path + "/import-")
        for name in names {
            _ = try home.folder.file(folder.dropFirst(home.folder.path.count + 1) + "/" + name, TinyModel.identity())
        }
        let error = await #expect(throws: ControlError.self) {
            try await home.control.importModel(ImportRequest(path: folder, model: "m")) { _ in }
        }
        #expect(error?.code == .invalidRequest)
        #expect(error?.message.contains("\(names.count) files") == true)
    }

    @Test(
        "names the format of a file that it does not import",
        arguments: [
            (Array("GGUF".utf8) + [0, 0, 0, 3] + [UInt8](repeating: 0, count: 64), "GGUF"),
            ([0x80, 4, 0x95] + [UInt8](repeating: 0, count: 8) + Array("csklearn.svm\nSVC\n.".utf8), "ickle"),
            ([0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A] + [UInt8](repeating: 0, count: 64), "HDF5"),
        ] as [([UInt8], String)])
    func unsupportedFormat(bytes: [UInt8], name: String) async throws {
        let home = try TestHome()
        let path = try home.write(bytes, as: "model.onnx")
        let error = await #expect(throws: ControlError.self) {
            try await home.control.importModel(ImportRequest(path: path, model: "m")) { _ in }
        }
        #expect(error?.code == .unsupportedFormat)
        #expect(error?.category == .unsupported)
        #expect(error?.message.contains(name) == true, "\(error?.message ?? "")")
        #expect(try await home.contents() == [])
    }

    @Test(
        "refuses weights that are missing, and paths that lead out of the folder",
        arguments: [
            ("gone.bin", FormatError.Code.missingFile), ("../w.bin", .unsafePath), ("/etc/hostname", .unsafePath),
            ("a/../../w.bin", .unsafePath),
        ])
    func externalFiles(location: String, code: FormatError.Code) async throws {
        let home = try TestHome()
        let path = try home.write(TinyModel.externalData(location: location))
        _ = try home.folder.file("w.bin", TinyModel.externalDataFile)
        let error = await #expect(throws: FormatError.self) {
            try await home.control.importModel(ImportRequest(path: path, model: "m")) { _ in }
        }
        #expect(error?.code == code)
        #expect(try await home.contents() == [])
        #expect(try await home.artifacts.blobs() == [])
    }

    @Test("registers nothing that the engine refuses, and passes its reason on")
    func engineRefuses() async throws {
        var script = ScriptedEngine.Script()
        script.refusal = { _ in EngineError(code: .unsupportedModel, message: "no operator NoSuchOperator") }
        let home = try TestHome(script: script)
        let path = try home.write(TinyModel.unknownOperator())
        let error = await #expect(throws: EngineError.self) {
            try await home.control.importModel(ImportRequest(path: path, model: "m", alias: "live")) { _ in }
        }
        #expect(error?.message == "no operator NoSuchOperator")
        #expect(try await home.contents() == [])
        #expect(try await home.artifacts.blobs() == [])
    }

    @Test("without an engine imports all the same, and says so")
    func noEngine() async throws {
        let result = try await TestHome(hasEngine: false).importIdentity()
        #expect(result.isNew)
        #expect(result.version.engine == "onnxruntime")
        #expect(result.notes.first?.contains("not verified") == true)
    }

    @Test("refuses bad names before it reads the file", arguments: [("a/b", nil), ("", nil), ("m", "x:y"), ("m", "")])
    func names(model: String, alias: String?) async throws {
        let home = try TestHome()
        await #expect(throws: ReferenceError.self) {
            try await home.control.importModel(ImportRequest(path: "/nowhere", model: model, alias: alias)) { _ in }
        }
    }

    @Test("tells that there is no such file")
    func missing() async throws {
        let home = try TestHome()
        let error = await #expect(throws: ControlError.self) {
            try await home.control.importModel(ImportRequest(path: "/nowhere/x.onnx", model: "m")) { _ in }
        }
        #expect(error?.category == .notFound)
    }

    @Test("registers no file that is cut off, wherever")
    func truncated() async throws {
        let home = try TestHome()
        let bytes = TinyModel.zipMap()
        for length in stride(from: 0, to: bytes.count - 1, by: 37) {
            let path = try home.write(Array(bytes.prefix(length)))
            // A cut between two fields of the file may leave a sound, smaller one; then it is a version of its own.
            _ = try? await home.control.importModel(ImportRequest(path: path, model: "m")) { _ in }
        }
        for version in try await home.store.versions(of: "m") {
            for file in version.draft.files { try await home.artifacts.verify(file.digest) }
            #expect(version.draft.files[0].byteCount < bytes.count)
        }
    }
}
