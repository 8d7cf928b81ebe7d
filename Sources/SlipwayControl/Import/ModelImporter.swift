// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
package import SlipwayEngine
package import SlipwayRegistry
package import SlipwayWire

/// Takes a model file into the registry: detect, scan, convert, verify, store, register.
///
/// Nothing is registered before every blob is on disk, so an import that is killed leaves either the whole
/// version or blobs that garbage collection removes.
package struct ModelImporter: Sendable {
    package struct Result: Sendable {
        package let record: VersionRecord
        /// `false` when the bundle was registered already.
        package let isNew: Bool
        package let notes: [String]
        package let report: ImportReportDTO
    }

    let store: any MetadataStore
    let artifacts: any ArtifactStore
    let engines: [any InferenceEngine]
    /// A folder for files that are made on the way.
    var scratch: String
    /// Where samples are kept; `nil` to keep none.
    var samples: KeptSamples?

    package init(
        store: any MetadataStore, artifacts: any ArtifactStore, engines: [any InferenceEngine],
        scratch: String = "/tmp"
    ) {
        self.store = store
        self.artifacts = artifacts
        self.engines = engines
        self.scratch = scratch
    }

    /// - Parameter progress: Called now and then with the fraction of bytes stored, 0 to 1.
    /// - Throws: `ControlError`, `FormatError`, `EngineError` or `RegistryError`; nothing is registered then.
    package func run(
        _ request: ImportRequest, progress: @escaping @Sendable (Double) -> Void
    ) async throws -> Result {
        try ModelReference.checkName(request.model)
        if let alias = request.alias { try ModelReference.checkName(alias) }
        let scratch = scratch
        let prepared = try await LoaderThread.run { try PreparedModel(request, scratch: scratch) }
        let result: Swift.Result<Result, any Error>
        do {
            let verified = try await verify(prepared, request)
            let registered = try await register(verified, request, progress: progress)
            result = .success(try await keepSamples(of: verified, registered))
        } catch {
            result = .failure(error)
        }
        // Files are removed where a slow disk holds up nobody.
        try? await LoaderThread.run { prepared.discard() }
        return try result.get()
    }

    /// A model that an engine loaded, or that none is here for.
    private struct Verified: Sendable {
        let prepared: PreparedModel
        let engine: String
        let signature: ModelSignature
        let metadata: [String: String]
        let report: ImportReportDTO
        let notes: [String]
        /// What was run.
        let check: SampleCheck?
    }

    private func verify(_ prepared: PreparedModel, _ request: ImportRequest) async throws -> Verified {
        let inspected = prepared.inspected
        var report = prepared.report
        var notes: [String] = []
        let trial = try await EngineTrial(engines: engines).run(inspected, wanted: request.options.engine)
        report.refusals = trial.refusals
        report.verifiedBy = trial.version.map { "\(trial.engine) \($0)" }
        if trial.version == nil {
            notes.append("not verified: no engine for \(inspected.format.displayName) is installed here")
        }
        for refusal in trial.refusals { notes.append("engine '\(refusal.engine)' refused it: \(refusal.reason)") }
        let (metadata, check) = try await LoaderThread.run {
            var metadata = inspected.metadata.merging(ClassLabelFacts.facts(request.classLabels)) { $1 }
            metadata.merge(ModelCard.facts(request.options, besides: metadata, folder: prepared.folder)) { $1 }
            let labels = ClassLabelFacts.read(metadata)
            let files =
                try SampleFiles.given(samples: request.samples, expected: request.expected)
                ?? prepared.folder.flatMap { SampleFiles.beside(modelIn: $0) }
            return (
                metadata,
                try files.map { try SampleCheck($0, tolerance: request.options.tolerance, labels: labels) }
            )
        }
        if let check { report.samples = try await check.run(in: trial) }
        guard let signature = inspected.signature ?? trial.model?.signature else {
            throw ControlError(.unsupportedFormat, "the engine tells nothing of the model's inputs and outputs")
        }
        return Verified(
            prepared: prepared, engine: trial.engine, signature: signature, metadata: metadata, report: report,
            notes: notes, check: check)
    }

    /// The version is there whatever becomes of its samples.
    private func keepSamples(of model: Verified, _ result: Result) async throws -> Result {
        guard let samples, let check = model.check else { return result }
        let digest = result.record.digest
        let note: String?
        do {
            note = try await LoaderThread.run { try samples.keep(check, of: digest) }
        } catch {
            note = "the samples were not kept: \(error)"
        }
        return Result(
            record: result.record, isNew: result.isNew, notes: result.notes + [note].compactMap(\.self),
            report: result.report)
    }

    private func register(
        _ model: Verified, _ request: ImportRequest, progress: @escaping @Sendable (Double) -> Void
    ) async throws -> Result {
        let name = request.sourceName ?? Self.lastComponent(of: request.path)
        return try await artifacts.withSharedAccess {
            let inspected = model.prepared.inspected
            let files = try await self.put(inspected.parts, progress: progress)
            let draft = VersionDraft(
                model: request.model, digest: BundleDigest.of(files: files), format: inspected.format,
                engine: model.engine, signature: model.signature, files: files, primaryPath: files[0].path,
                lineage: Lineage(
                    sourceName: name, sourceDigest: model.prepared.sourceDigest ?? files[0].digest,
                    recipe: model.prepared.recipe),
                metadata: model.metadata)
            let known = try await self.store.versions(of: request.model).first { $0.digest == draft.digest }
            let notes = try known.map { try Self.differences(of: draft, from: $0, wanted: request.options.engine) }
            let record = try await self.store.register(draft, alias: request.alias)
            return Result(
                record: record, isNew: known == nil, notes: model.notes + (notes ?? []), report: model.report)
        }
    }

    /// What the version that is there keeps, though this import says otherwise.
    ///
    /// - Throws: ``ControlError`` `invalidRequest` where the caller named another engine: nothing would run in it.
    private static func differences(
        of draft: VersionDraft, from known: VersionRecord, wanted: String?
    ) throws(ControlError) -> [String] {
        var notes: [String] = []
        if known.draft.engine != draft.engine {
            guard wanted == nil || wanted == EngineTrial.automatic else {
                throw ControlError(
                    .invalidRequest,
                    "\(known.id) is the same model and runs in '\(known.draft.engine)', not in '\(draft.engine)': "
                        + "import it under another name, or delete \(known.id) first")
            }
            notes.append(
                "\(known.id) was there already and goes on running in '\(known.draft.engine)', not in "
                    + "'\(draft.engine)'")
        }
        let differing = draft.metadata.filter { known.draft.metadata[$0.key] != $0.value }.keys.sorted()
        if !differing.isEmpty {
            notes.append(
                "\(known.id) was there already and keeps the facts of its first import; left out of this one: "
                    + differing.joined(separator: ", "))
        }
        return notes
    }

    private static func lastComponent(of path: String) -> String {
        path.split(separator: "/").last.map(String.init) ?? "model"
    }

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
