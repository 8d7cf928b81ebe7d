// SPDX-License-Identifier: Apache-2.0

import Foundation
import SlipwayControl
import SlipwayCore
import SlipwayFormats
import SlipwayRegistry
import SlipwaySecurity
import SlipwayTestKit
import SlipwayWire
import Testing

@Suite("Export")
struct VersionExporterTests {
    private let home: TestHome
    private let tree: LayoutTree

    init() throws {
        home = try TestHome()
        tree = try LayoutTree()
    }

    private var out: String { tree.path + "/out" }

    private func export(
        _ format: ExportFormat, _ reference: String = "m", options: ExportOptions = ExportOptions()
    ) async throws -> ExportReport {
        let exporter = VersionExporter(admin: home.control)
        return try await exporter.run(
            try ModelReference(parsing: reference), as: format, to: out, options: options
        ) { _ in }
    }

    /// Imports what was exported into another home, as the command does; returns the versions' digests.
    private func importAgain() async throws -> [Digest] {
        let other = try TestHome()
        let layout = ImportLayout.detect(out)
        guard layout != .single else {
            let imported = try await other.control.importModel(ImportRequest(path: out, model: "again")) { _ in }
            return [imported.version.digest]
        }
        let importer = RepositoryImport(admin: other.control, deploys: false, allowsSignatureChange: false)
        let report = await importer.run(try layout.models(at: out, name: layout == .ociLayout ? "again" : nil)) { _ in }
        #expect(report.isComplete, "\(report.models.flatMap(\.errors))")
        return report.models.flatMap { $0.versions.compactMap(\.digest) }
    }

    private func text(_ path: String) throws -> String {
        try String(contentsOfFile: out + "/" + path, encoding: .utf8)
    }

    private func object(_ path: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(text(path).utf8)) as? [String: Any])
    }

    @Test(
        "importing what was exported gives the same digest",
        arguments: [ExportFormat.onnx, .oci, .triton, .kserve, .folder])
    func roundTrip(format: ExportFormat) async throws {
        let imported = try await home.importIdentity()
        let report = try await export(format)
        #expect(report.digest == imported.version.digest)
        #expect(try await importAgain() == [imported.version.digest])
        #expect(report.notes.isEmpty)
        for file in report.files {
            #expect(try SHA256Hasher.digest(ofFileAt: out + "/" + file.path) == file.digest)
        }
    }

    @Test("weights in other files go along", arguments: [ExportFormat.onnx, .oci, .triton, .kserve, .folder])
    func externalData(format: ExportFormat) async throws {
        let path = try home.write(TinyModel.externalData(location: "parts/w.bin"))
        let parts = PosixFolder.parent(of: path) + "/parts"
        try PosixFolder.make(parts)
        try Data(TinyModel.externalDataFile).write(to: URL(filePath: parts + "/w.bin"))
        let imported = try await home.control.importModel(ImportRequest(path: path, model: "m")) { _ in }
        #expect(imported.version.files.count == 2)
        _ = try await export(format)
        #expect(try await importAgain() == [imported.version.digest])
    }

    @Test("an OCI layout has the media types of ModelPack, and every digest is right")
    func ociLayout() async throws {
        let version = try await home.importIdentity().version
        _ = try await export(.oci)
        #expect(try object("oci-layout")["imageLayoutVersion"] as? String == "1.0.0")
        let entry = try #require((try object("index.json")["manifests"] as? [[String: Any]])?.first)
        #expect(entry["mediaType"] as? String == "application/vnd.oci.image.manifest.v1+json")
        #expect(entry["artifactType"] as? String == "application/vnd.cncf.model.manifest.v1+json")
        let manifest = try object(blob(entry))
        #expect(manifest["schemaVersion"] as? Int == 2)
        let config = try #require(manifest["config"] as? [String: Any])
        #expect(config["mediaType"] as? String == "application/vnd.cncf.model.config.v1+json")
        let layers = try #require(manifest["layers"] as? [[String: Any]])
        #expect(
            layers.map { $0["mediaType"] as? String } == [
                "application/vnd.cncf.model.weight.v1.raw", "application/vnd.cncf.model.weight.config.v1.raw",
            ])
        let paths = layers.map { ($0["annotations"] as? [String: String])?["org.cncf.model.filepath"] }
        #expect(paths == ["model.onnx", "slipway.json"])
        #expect((manifest["annotations"] as? [String: String])?["slipway.version.digest"] == "\(version.digest)")
        let system = try #require(try object(blob(config))["modelfs"] as? [String: Any])
        #expect(system["diffIds"] as? [String] == layers.compactMap { $0["digest"] as? String })
        for descriptor in [entry, config] + layers {
            let path = out + "/" + (try blob(descriptor))
            #expect("\(try SHA256Hasher.digest(ofFileAt: path))" == descriptor["digest"] as? String)
            #expect(try Data(contentsOf: URL(filePath: path)).count == descriptor["size"] as? Int)
        }
    }

    private func blob(_ descriptor: [String: Any]) throws -> String {
        let digest = try #require(descriptor["digest"] as? String)
        return "blobs/" + digest.replacing(":", with: "/")
    }

    @Test("a damaged or strange OCI layout is refused, and told why")
    func damagedLayout() async throws {
        let version = try await home.importIdentity().version
        _ = try await export(.oci)
        let blob = out + "/blobs/sha256/" + version.files[0].digest.hex
        try Data([1, 2, 3]).write(to: URL(filePath: blob))
        let models = try ImportLayout.ociLayout.models(at: out, name: nil)
        #expect(models.map(\.name) == ["m"])
        #expect(models[0].versions[0].problem?.contains("other bytes than its digest") == true)
        try Data("{}".utf8).write(to: URL(filePath: out + "/index.json"))
        #expect(throws: ControlError.self) { try ImportLayout.ociLayout.models(at: out, name: nil) }
        try Data(#"{"schemaVersion":2,"manifests":[]}"#.utf8).write(to: URL(filePath: out + "/index.json"))
        let error = try #require(throws: ControlError.self) {
            try ImportLayout.ociLayout.models(at: out, name: nil)
        }
        #expect(error.message.contains("holds no model"))
    }

    @Test("a Triton configuration says what the signature says")
    func tritonConfiguration() async throws {
        try await home.importIdentity()
        _ = try await export(.triton)
        let config = try TritonModelConfig.parse(text: Array(text("m/config.pbtxt").utf8), file: "config.pbtxt")
        #expect(config.name == "m")
        #expect(config.maximumBatchSize == 64 && config.batching != nil)
        #expect(config.inputs.map(\.name) == ["x"] && config.inputs[0].elementType == .float32)
        #expect(config.inputs[0].dims == [-1])
        #expect(config.obstacles.isEmpty && config.ignored.isEmpty)
    }

    @Test("a model without a free first dimension is not batched, and class names go along")
    func tritonLabels() async throws {
        let path = try home.write(TinyModel.identity(elementType: .float32, shape: [.fixed(2), .fixed(3)]))
        var request = ImportRequest(path: path, model: "m")
        request.classLabels = ["y": ["the \"first\"", "zweite", "ü"]]
        _ = try await home.control.importModel(request) { _ in }
        _ = try await export(.triton)
        let config = try TritonModelConfig.parse(text: Array(text("m/config.pbtxt").utf8), file: "config.pbtxt")
        #expect(config.maximumBatchSize == 0 && config.batching == nil)
        #expect(config.outputs[0].dims == [2, 3] && config.outputs[0].labelFile == "labels-0.txt")
        let models = try TritonRepository.scan(out)
        #expect(models[0].classLabels == ["y": ["the \"first\"", "zweite", "ü"]])
    }

    @Test("KServe gets an InferenceService beside the folder")
    func kserve() async throws {
        try await home.importIdentity()
        _ = try await export(.kserve, options: ExportOptions(storageURI: "s3://bucket/m"))
        let service = try text("inference-service.yaml")
        #expect(service.contains("runtime: \"kserve-tritonserver\"\n"))
        #expect(service.contains("storageUri: \"s3://bucket/m\"\n"))
    }

    @Test("weights alone are a safetensors file")
    func safetensors() async throws {
        let path = try home.write(TinyModel.add())
        _ = try await home.control.importModel(ImportRequest(path: path, model: "m")) { _ in }
        let report = try await export(.safetensors)
        #expect(report.files.map(\.path) == ["model.safetensors"])
        let file = try SafetensorsReader.read(path: out + "/model.safetensors")
        #expect(file.metadata["format"] == "onnx")
    }

    @Test("files that are there are never replaced, and a failed export leaves nothing of its own")
    func existing() async throws {
        try await home.importIdentity()
        try tree.write("out/m/1/model.onnx", "mine")
        await #expect(throws: RegistryError.self) { try await export(.triton) }
        #expect(try text("m/1/model.onnx") == "mine")
        #expect(!FileManager.default.fileExists(atPath: out + "/m/config.pbtxt"))
    }

    @Test("bytes that are not those of the version are refused, and nothing of the export stays")
    func damaged() async throws {
        let version = try await home.importIdentity().version
        let exporter = VersionExporter(
            admin: HomeControl(
                store: home.store, artifacts: BrokenBlobs(inner: home.artifacts), engines: [],
                clock: home.clock.reading))
        for format in [ExportFormat.folder, .triton, .safetensors] {
            let error = await #expect(throws: RegistryError.self) {
                try await exporter.run(try ModelReference(parsing: "m"), as: format, to: out) { _ in }
            }
            #expect(error?.code == .corrupt)
            #expect(error?.message.contains(version.files[0].digest.hex) == true)
        }
        let left = FileManager.default.enumerator(atPath: out)?.compactMap { $0 as? String } ?? []
        #expect(left.allSatisfy { !$0.contains(".") }, "\(left)")
    }

    @Test("unknown references are errors")
    func unknown() async throws {
        try await home.importIdentity()
        for reference in ["n", "m:7", "m@champion"] {
            await #expect(throws: RegistryError.self) { try await export(.onnx, reference) }
        }
    }
}

/// A store whose blobs come with another last byte.
private struct BrokenBlobs: ArtifactStore {
    let inner: InMemoryArtifactStore

    func put(fileAt path: String, progress: @escaping @Sendable (Int) -> Void) async throws -> BlobInfo {
        try await inner.put(fileAt: path, progress: progress)
    }
    func checkOut(_ files: [BundleFile], bundle: Digest) async throws -> String {
        try await inner.checkOut(files, bundle: bundle)
    }
    func blobs() async throws -> [BlobInfo] { try await inner.blobs() }
    func verify(_ digest: Digest) async throws { try await inner.verify(digest) }
    func read(
        _ digest: Digest, from offset: Int, _ body: @Sendable (_ piece: [UInt8]) async throws -> Void
    ) async throws {
        try await inner.read(digest, from: offset) { piece in
            try await body(piece.dropLast() + piece.suffix(1).map { $0 ^ 1 })
        }
    }
    func remove(_ digest: Digest) async throws { try await inner.remove(digest) }
    func removeLeftovers(keeping bundles: Set<Digest>) async throws -> Int {
        try await inner.removeLeftovers(keeping: bundles)
    }
    func withSharedAccess<R: Sendable>(_ body: @Sendable () async throws -> R) async throws -> R {
        try await inner.withSharedAccess(body)
    }
    func withExclusiveAccess<R: Sendable>(_ body: @Sendable () async throws -> R) async throws -> R {
        try await inner.withExclusiveAccess(body)
    }
}
