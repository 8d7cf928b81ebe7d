// SPDX-License-Identifier: Apache-2.0

import SlipwayControl
import SlipwayCore
import SlipwayEngine
import SlipwayRegistry
import SlipwayTestKit
import SlipwayWire
import Synchronization

/// A home in memory, with a folder for model files and an engine without a library.
final class TestHome: Sendable {
    let folder: TemporaryFolder
    let clock = ManualWallClock()
    let store: InMemoryMetadataStore
    let artifacts: InMemoryArtifactStore
    let engine: ScriptedEngine
    let control: HomeControl

    /// - Parameter hasEngine: Whether imports are verified and deployments checked by an engine.
    init(hasEngine: Bool = true, script: ScriptedEngine.Script = ScriptedEngine.Script()) throws {
        folder = try TemporaryFolder()
        store = InMemoryMetadataStore(clock: clock.reading)
        artifacts = InMemoryArtifactStore(scratch: folder.path + "/scratch")
        engine = ScriptedEngine(name: "onnxruntime", script: script)
        control = HomeControl(
            store: store, artifacts: artifacts, engines: hasEngine ? [engine] : [], clock: clock.reading)
    }

    /// Writes a file into a new folder of its own, so that equal names do not meet.
    func write(_ bytes: [UInt8], as name: String = "file.onnx") throws -> String {
        let place = try PosixFolder.makeTemporary(prefix: folder.path + "/import-")
        return try folder.file(place.dropFirst(folder.path.count + 1) + "/" + name, bytes)
    }

    /// Imports a model of this element type: another type is another version, whose callers differ.
    ///
    /// - Parameter symbol: Of the second dimension: another one is another version for the same callers.
    @discardableResult
    func importIdentity(
        _ type: ElementType = .float32, as model: String = "m", alias: String? = nil, symbol: String = "n"
    ) async throws -> ImportDTO {
        let shape: [Dimension] = [.symbolic("b"), .symbolic(symbol)]
        let path = try write(TinyModel.identity(elementType: type, shape: shape))
        return try await control.importModel(ImportRequest(path: path, model: model, alias: alias)) { _ in }
    }

    /// Versions 1 to `count` of `m`, which fit the same callers.
    func importVersions(_ count: Int) async throws {
        for number in 1...count { try await importIdentity(symbol: "n\(number)") }
    }

    /// Everything that is stored, to compare before and after.
    func contents() async throws -> [String] {
        var lines: [String] = []
        for model in try await store.models() {
            lines += try await store.versions(of: model).map { "\($0.id) \($0.digest)" }
            lines += try await store.aliases(of: model).map { "\($0.model)@\($0.alias) \($0.version)" }
        }
        return lines
    }
}

/// Collects values from closures that may be called on any thread.
final class Collected<Value: Sendable>: Sendable {
    private let state = Mutex<[Value]>([])
    var values: [Value] { state.withLock { $0 } }
    func add(_ value: Value) { state.withLock { $0.append(value) } }
}
