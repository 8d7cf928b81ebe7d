// SPDX-License-Identifier: Apache-2.0

import SlipwayControl
import SlipwayCore
import SlipwayEngine
import SlipwayRegistry
import SlipwayTestKit
import SlipwayWire
import Testing

@Suite("Import of other formats")
struct ImportSourceTests {
    private let home: TestHome

    init() throws { home = try TestHome() }

    /// A pickle that would run a command, had it been loaded.
    private static let shell = Array("cposix\nsystem\n(S'touch /tmp/slipway-was-here'\ntR.".utf8)

    @Test("a pickle that would run something is refused with what it would run, and leaves nothing")
    func unsafe() async throws {
        let path = try home.write(Self.shell, as: "model.pkl")
        let error = await #expect(throws: ControlError.self) {
            try await home.control.importModel(ImportRequest(path: path, model: "m")) { _ in }
        }
        #expect(error?.code == .unsafeModel)
        #expect(error?.message.contains("system") == true, "\(error?.message ?? "")")
        #expect(try await home.contents() == [])
        #expect(try await home.artifacts.blobs() == [])
    }

    @Test("several files are one model only where they are scikit-learn's")
    func several() async throws {
        let path = try home.write(TinyModel.identity())
        var request = ImportRequest(path: path, model: "m")
        request.further = [path]
        let wanted = request
        let error = await #expect(throws: ControlError.self) { try await home.control.importModel(wanted) { _ in } }
        #expect(error?.message.contains("one at a time") == true)
    }

    // MARK: Engines

    private func importer(_ engines: [any InferenceEngine]) -> ModelImporter {
        ModelImporter(store: home.store, artifacts: home.artifacts, engines: engines, scratch: home.folder.path)
    }

    private func engine(_ name: String, refusing reason: String? = nil, _ formats: [ModelFormat] = [.onnx])
        -> ScriptedEngine
    {
        var script = ScriptedEngine.Script()
        script.refusal = { _ in reason.map { EngineError(code: .unsupportedModel, message: $0) } }
        return ScriptedEngine(name: name, formats: formats, script: script)
    }

    private func request(engine: String?) throws -> ImportRequest {
        var request = ImportRequest(path: try home.write(TinyModel.identity()), model: "m")
        request.options.engine = engine
        return request
    }

    @Test("auto takes the next engine where one refuses, and says why")
    func automatic() async throws {
        let importer = importer([engine("onnxruntime", refusing: "no operator Levitate"), engine("openvino")])
        let result = try await importer.run(try request(engine: "auto")) { _ in }
        #expect(result.record.draft.engine == "openvino")
        #expect(result.report.refusals.map(\.engine) == ["onnxruntime"])
        #expect(result.report.verifiedBy == "openvino 1.0")
        #expect(result.notes == ["engine 'onnxruntime' refused it: no operator Levitate"])
    }

    @Test("auto explains every refusal where no engine takes the model")
    func noneTakes() async throws {
        let importer = importer([
            engine("onnxruntime", refusing: "no Levitate"), engine("openvino", refusing: "no Fly"),
        ])
        let request = try request(engine: "auto")
        let error = await #expect(throws: ControlError.self) { try await importer.run(request) { _ in } }
        #expect(error?.code == .unsupportedFormat)
        for word in ["onnxruntime", "no Levitate", "openvino", "no Fly"] {
            #expect(error?.message.contains(word) == true)
        }
        #expect(try await home.contents() == [])
    }

    @Test("without auto the usual engine's refusal stands, though another might take it")
    func usual() async throws {
        let importer = importer([engine("openvino"), engine("onnxruntime", refusing: "no Levitate")])
        let request = try request(engine: nil)
        let error = await #expect(throws: EngineError.self) { try await importer.run(request) { _ in } }
        #expect(error?.message == "no Levitate")
    }

    @Test("the engine that is named is the one that is recorded")
    func named() async throws {
        let result = try await importer([engine("onnxruntime"), engine("openvino")])
            .run(try request(engine: "openvino")) { _ in }
        #expect(result.record.draft.engine == "openvino")
    }

    @Test("the same model for another engine that is named is refused, and changes nothing")
    func namedAfterwards() async throws {
        let importer = importer([engine("onnxruntime"), engine("openvino")])
        _ = try await importer.run(try request(engine: nil)) { _ in }
        let before = try await home.contents()
        var request = try request(engine: "openvino")
        request.alias = "live"
        let wanted = request
        let error = await #expect(throws: ControlError.self) { try await importer.run(wanted) { _ in } }
        #expect(error?.message.contains("m:1 is the same model and runs in 'onnxruntime'") == true)
        #expect(try await home.contents() == before)
    }

    @Test("what the same model keeps of its first import is told")
    func keptFacts() async throws {
        _ = try await importer([engine("openvino")]).run(try request(engine: "openvino")) { _ in }
        var request = try request(engine: "auto")
        request.options.license = "MIT"
        let result = try await importer([engine("onnxruntime")]).run(request) { _ in }
        #expect(!result.isNew && result.record.draft.engine == "openvino")
        #expect(result.notes.count == 2)
        #expect(result.notes.first?.contains("goes on running in 'openvino'") == true)
        #expect(result.notes.last?.hasSuffix("license") == true)
    }

    @Test(
        "with auto, a machine without memory and an end on request are no refusals",
        arguments: [EngineError.Code.outOfMemory, .cancelled])
    func noRefusal(code: EngineError.Code) async throws {
        var script = ScriptedEngine.Script()
        script.refusal = { _ in EngineError(code: code, message: "not now") }
        let importer = importer([ScriptedEngine(name: "onnxruntime", script: script), engine("openvino")])
        let request = try request(engine: "auto")
        let error = await #expect(throws: EngineError.self) { try await importer.run(request) { _ in } }
        #expect(error?.code == code)
        #expect(try await home.contents() == [])
    }

    @Test("an engine that reads no such models, or is not here, is told", arguments: ["llama", "openvino"])
    func wrongEngine(name: String) async throws {
        let importer = importer([engine("onnxruntime"), engine("llama", [.gguf])])
        let request = try request(engine: name)
        let error = await #expect(throws: (any Error).self) { try await importer.run(request) { _ in } }
        #expect("\(String(describing: error))".contains("'\(name)'"))
    }

    // MARK: Models that an engine reads by itself

    private func savedModel() throws -> String {
        let folder = try PosixFolder.makeTemporary(prefix: home.folder.path + "/saved-")
        try PosixFolder.make(folder + "/variables")
        let inner = folder.dropFirst(home.folder.path.count + 1)
        for name in ["saved_model.pb", "variables/variables.index", "README.md", "notes.txt", "LICENSE"] {
            let text = name == "LICENSE" ? "Apache License\nVersion 2.0\n" : "# A card\n"
            _ = try home.folder.file(inner + "/" + name, Array(text.utf8))
        }
        return folder
    }

    @Test("a SavedModel is a bundle of its files, with the signature that its engine tells, its licence and its card")
    func graph() async throws {
        let folder = try savedModel()
        let result = try await importer([engine("openvino", [.savedModel])])
            .run(ImportRequest(path: folder, model: "m")) { _ in }
        let draft = result.record.draft
        #expect(draft.files.map(\.path) == ["saved_model.pb", "variables/variables.index"])
        #expect(draft.primaryPath == "saved_model.pb" && draft.engine == "openvino" && draft.format == .savedModel)
        #expect(draft.signature == ScriptedModel.oneColumn)
        #expect(draft.metadata["license"] == "Apache-2.0" && draft.metadata["card"] == "# A card\n")
        let source = RegistryModelSource(store: home.store, artifacts: home.artifacts)
        let resolved = try await source.resolve(result.record.id)
        let bundle = try await source.verify(resolved, in: try await source.fetch(resolved))
        #expect(bundle.path.hasSuffix("/saved_model.pb") && bundle.signature == ScriptedModel.oneColumn)
    }

    @Test("without its engine such a model is not imported, for nothing is known of it")
    func graphWithoutEngine() async throws {
        let request = ImportRequest(path: try savedModel(), model: "m")
        let error = await #expect(throws: EngineError.self) { try await importer([]).run(request) { _ in } }
        #expect(error?.code == .libraryMissing)
        #expect(error?.message.contains("'openvino'") == true)
    }

    // MARK: Licence and card

    @Test("what the user says of licence and card counts before what the files say")
    func card() async throws {
        var request = ImportRequest(path: try savedModel(), model: "m")
        request.options.license = "MIT"
        request.options.card = "Mine"
        let result = try await importer([engine("openvino", [.savedModel])]).run(request) { _ in }
        #expect(result.record.draft.metadata["license"] == "MIT" && result.record.draft.metadata["card"] == "Mine")
    }

    // MARK: Names

    @Test(
        "a model is called by its file, or by its folder where that says more",
        arguments: [
            ("fraud.onnx", "fraud"), ("/a/b/Fraud Risk.v2.joblib", "fraud-risk"), ("models/churn/model.onnx", "churn"),
            ("big-00001-of-00003.gguf", "big"), ("resnet-1.2.onnx", "resnet-1.2"), ("iris.joblib.gz", "iris"),
            ("./model.onnx", "model"), ("saved_model", "saved_model"),
        ])
    func defaultName(path: String, name: String) {
        #expect(DefaultModelName.of(path) == name)
    }

    @Test("nothing is made of a path that says nothing", arguments: ["", "/", "..", "---"])
    func noName(path: String) {
        #expect(DefaultModelName.of(path) == nil)
    }
}
