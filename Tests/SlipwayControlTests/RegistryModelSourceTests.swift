// SPDX-License-Identifier: Apache-2.0

import SlipwayControl
import SlipwayCore
import SlipwayEngine
import SlipwayRegistry
import SlipwayServing
import SlipwayTestKit
import SlipwayWire
import Testing

@Suite("The registry as a source of versions")
struct RegistryModelSourceTests {
    @Test("resolves a version with its class names")
    func resolve() async throws {
        let home = try TestHome()
        let path = try home.write(TinyModel.zipMap(.integers))
        let version = try await home.control.importModel(ImportRequest(path: path, model: "m")) { _ in }.version
        let resolved = try await RegistryModelSource(store: home.store, artifacts: home.artifacts).resolve(version.id)
        #expect(resolved.digest == version.digest)
        #expect(resolved.format == .onnx)
        #expect(resolved.labels["probabilities"] == ["10", "20", "30"])
    }

    @Test("does not know versions that are not registered")
    func unknown() async throws {
        let home = try TestHome()
        try await home.importIdentity()
        let source = RegistryModelSource(store: home.store, artifacts: home.artifacts)
        let error = await #expect(throws: RegistryError.self) {
            try await source.resolve(VersionID(model: "m", number: 2))
        }
        #expect(error?.code == .notFound)
    }

    @Test("finds out when a stored file has another signature than was registered")
    func changed() async throws {
        let home = try TestHome()
        let version = try await home.importIdentity(.float32).version
        let source = RegistryModelSource(store: home.store, artifacts: home.artifacts)
        let resolved = try await source.resolve(version.id)
        let other = try home.write(TinyModel.identity(elementType: .int8), as: "model.onnx")
        let error = await #expect(throws: ControlError.self) {
            try await source.verify(resolved, in: String(other.dropLast("/model.onnx".count)))
        }
        #expect(error?.code == .changedOnDisk)
        #expect(error?.category == .corrupt)
        let same = try home.write(TinyModel.identity(elementType: .float32), as: "model.onnx")
        let bundle = try await source.verify(resolved, in: String(same.dropLast("/model.onnx".count)))
        #expect(bundle.signature == version.signature)
    }

    @Test("a version whose blob is gone cannot be fetched")
    func blobGone() async throws {
        let home = try TestHome()
        let version = try await home.importIdentity().version
        try await home.artifacts.remove(version.files[0].digest)
        let source = RegistryModelSource(store: home.store, artifacts: home.artifacts)
        let resolved = try await source.resolve(version.id)
        let error = await #expect(throws: RegistryError.self) { try await source.fetch(resolved) }
        #expect(error?.code == .notFound)
    }
}
