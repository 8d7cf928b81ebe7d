// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
package import SlipwayEngine
package import SlipwayRegistry

/// Takes a model file into the registry: detect, read, verify, store, register.
///
/// Nothing is registered before every blob is on disk, so an import that is killed leaves either the whole
/// version or blobs that garbage collection removes.
package struct ModelImporter: Sendable {
    package struct Result: Sendable {
        package let record: VersionRecord
        /// `false` when the bundle was registered already.
        package let isNew: Bool
        package let notes: [String]
    }

    let store: any MetadataStore
    let artifacts: any ArtifactStore
    let engines: [any InferenceEngine]

    package init(store: any MetadataStore, artifacts: any ArtifactStore, engines: [any InferenceEngine]) {
        self.store = store
        self.artifacts = artifacts
        self.engines = engines
    }

    /// - Parameters:
    ///   - path: A model file, or a folder with one; files it refers to lie beside it.
    ///   - sourceName: What lineage calls the file; `nil` for the path's last component.
    ///   - classLabels: Class names by output; they count before those of the file.
    ///   - progress: Called now and then with the fraction of bytes stored, 0 to 1.
    /// - Throws: `ControlError`, `FormatError`, `EngineError` or `RegistryError`; nothing is registered then.
    package func run(
        path: String, model: String, alias: String?, sourceName: String?, classLabels: [String: [String]] = [:],
        progress: @escaping @Sendable (Double) -> Void
    ) async throws -> Result {
        try ModelReference.checkName(model)
        if let alias { try ModelReference.checkName(alias) }
        guard FileFacts.exists(path) else {
            throw ControlError(.notFound, "there is no file '\(path)'")
        }
        let inspected = try await LoaderThread.run { try InspectedModel(path: path) }
        let (engine, notes) = try await verify(inspected)
        return try await artifacts.withSharedAccess {
            let files = try await self.put(inspected.parts, progress: progress)
            let draft = VersionDraft(
                model: model, digest: BundleDigest.of(files: files), format: inspected.format, engine: engine,
                signature: inspected.signature, files: files, primaryPath: files[0].path,
                lineage: Lineage(
                    sourceName: sourceName ?? String(path.split(separator: "/").last ?? "model"),
                    sourceDigest: files[0].digest),
                metadata: inspected.metadata.merging(ClassLabelFacts.facts(classLabels)) { _, given in given })
            let known = try await self.store.versions(of: model).contains { $0.digest == draft.digest }
            let record = try await self.store.register(draft, alias: alias)
            return Result(record: record, isNew: !known, notes: notes)
        }
    }

    /// Loads the file once in the engine that is to run it, where that engine is here.
    ///
    /// Finds unknown operators and architectures, unsupported versions and damaged files before they are registered.
    private func verify(_ inspected: InspectedModel) async throws -> (engine: String, notes: [String]) {
        let format = inspected.format
        guard let engine = engines.first(where: { $0.capabilities.formats.contains(format) }) else {
            return (Self.usualEngine(format), ["not verified: no engine for \(format.displayName) is installed here"])
        }
        let bundle = ModelBundle(format: format, path: inspected.parts[0].source, signature: inspected.signature)
        if engine.capabilities.languageFormats.contains(format) {
            _ = try await LoaderThread.run { try engine.loadLanguageModel(bundle, options: LoadOptions()) }
        } else {
            _ = try await LoaderThread.run { try engine.load(bundle, options: LoadOptions()) }
        }
        return (engine.name, [])
    }

    /// The engine that runs a format where nothing else is said.
    private static func usualEngine(_ format: ModelFormat) -> String { format == .gguf ? "llama" : "onnxruntime" }

    private func put(
        _ parts: [InspectedModel.Part], progress: @escaping @Sendable (Double) -> Void
    ) async throws -> [BundleFile] {
        let total = Double(max(1, parts.reduce(0) { $0 + (FileFacts.size($1.source) ?? 0) }))
        var files: [BundleFile] = []
        var done = 0
        for part in parts {
            let before = done
            let blob = try await artifacts.put(fileAt: part.source) { progress(Double(before + $0) / total) }
            files.append(BundleFile(path: part.path, digest: blob.digest, byteCount: blob.byteCount))
            done += blob.byteCount
        }
        progress(1)
        return files
    }
}
