// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayEngine
import SlipwayRegistry
import SlipwayServing
import SlipwayWire

/// Checks a stored version as an import checks a file: blobs, signature, engine, samples.
struct VersionVerifier: Sendable {
    /// Rows that are made up where there are no samples.
    private static let generatedRows = 4

    let store: any MetadataStore
    let artifacts: any ArtifactStore
    let engines: [any InferenceEngine]
    /// Where samples of imports are kept; `nil` where none are.
    let samples: KeptSamples?

    /// - Parameter progress: Called now and then with the fraction done, 0 to 1.
    /// - Throws: Errors of the request; what is wrong with the version is in the answer.
    func run(
        _ request: VerificationRequest, progress: @escaping @Sendable (Double) -> Void
    ) async throws -> VerificationDTO {
        let record = try await Registry(store: store).resolve(request.reference)
        let given = try SampleFiles.given(samples: request.samples, expected: request.expected)
        var verification = Verification(record)
        // Nothing that is loaded can be told from what was registered while its bytes are others.
        if let inspected = try await checkOut(record, &verification) {
            progress(0.5)
            if let trial = try await load(inspected, request.options, &verification) {
                progress(0.7)
                try await run(given, trial, request.options, &verification)
            }
        }
        progress(1)
        let aliases = try await store.aliases(of: record.id.model)
        return VerificationDTO(
            version: VersionDTO(record, aliases: aliases), problems: verification.problems,
            report: verification.report, origin: verification.origin)
    }

    /// What was found so far.
    private struct Verification {
        let record: VersionRecord
        var problems: [String] = []
        var report: ImportReportDTO
        var origin: VerificationDTO.Origin?

        init(_ record: VersionRecord) {
            self.record = record
            report = ImportReportDTO(format: record.draft.format.rawValue)
        }
    }

    // MARK: - Blobs

    /// Lays the version's files out, every blob compared with its digest; `nil` where something is wrong with them.
    private func checkOut(
        _ record: VersionRecord, _ verification: inout Verification
    ) async throws -> InspectedModel? {
        let source = RegistryModelSource(store: store, artifacts: artifacts)
        do {
            let folder = try await artifacts.withSharedAccess {
                try await self.artifacts.checkOut(record.draft.files, bundle: record.digest)
            }
            guard BundleDigest.of(files: record.draft.files) == record.digest else {
                verification.problems.append("the list of files has another digest than \(record.digest)")
                return nil
            }
            _ = try await source.verify(try await source.resolve(record.id), in: folder)
            return InspectedModel(record, in: folder)
        } catch let error as RegistryError where Self.isDamage(error) {
            verification.problems += try await damage(to: record)
        } catch let error as ControlError where error.code == .changedOnDisk {
            verification.problems.append(error.message)
        }
        return nil
    }

    /// Every blob of the version that is missing or has other bytes.
    private func damage(to record: VersionRecord) async throws -> [String] {
        var problems: [String] = []
        for file in record.draft.files {
            do {
                try await artifacts.verify(file.digest)
            } catch let error as RegistryError where Self.isDamage(error) {
                problems.append("'\(file.path)': \(error.message)")
            }
        }
        return problems.isEmpty ? ["the version's files changed while they were read: verify it again"] : problems
    }

    private static func isDamage(_ error: RegistryError) -> Bool { [.corrupt, .notFound].contains(error.code) }

    // MARK: - Engine

    private func load(
        _ inspected: InspectedModel, _ options: VerificationOptions, _ verification: inout Verification
    ) async throws -> EngineTrial.Outcome? {
        let registered = verification.record.draft
        let trial: EngineTrial.Outcome
        do {
            trial = try await EngineTrial(engines: engines).run(inspected, wanted: options.engine ?? registered.engine)
        } catch let error as any SlipwayError {
            verification.problems.append("\(error)")
            return nil
        }
        verification.report.refusals = trial.refusals
        verification.report.verifiedBy = trial.version.map { "\(trial.engine) \($0)" }
        // Where the file itself does not tell its signature, the engine told it at import.
        let isToldByEngine = GraphFiles.formats.contains(registered.format) && trial.engine == registered.engine
        if isToldByEngine, let found = trial.model?.signature, found != registered.signature {
            verification.problems.append("the engine tells other inputs or outputs than were registered")
        }
        return trial
    }

    // MARK: - Samples

    private func run(
        _ given: SampleFiles?, _ trial: EngineTrial.Outcome, _ options: VerificationOptions,
        _ verification: inout Verification
    ) async throws {
        let record = verification.record
        let samples = samples
        let stored = given == nil ? try await LoaderThread.run { samples?.samples(of: record.digest) } : nil
        guard let files = given ?? stored?.files else { return try await runMadeUp(trial, &verification) }
        let check = try SampleCheck(
            files, tolerance: options.tolerance ?? stored?.tolerance,
            labels: ClassLabelFacts.read(record.draft.metadata))
        do {
            verification.report.samples = try await check.run(in: trial)
            verification.origin = given == nil ? .stored : .given
        } catch let error as ControlError where error.code == .unexpectedAnswer {
            verification.problems.append(error.message)
        } catch let error as EngineError {
            verification.problems.append("the samples could not be run: \(error)")
        }
    }

    /// Rows of random numbers show that the model runs; one that wants others says nothing against it.
    private func runMadeUp(_ trial: EngineTrial.Outcome, _ verification: inout Verification) async throws {
        guard let model = trial.model else {
            verification.report.notes.append("no samples were run: models of language are loaded only")
            return
        }
        let rows = min(Self.generatedRows, model.maximumBatchSize ?? Self.generatedRows)
        guard let inputs = WarmUpInputs(.random(seed: 1), rows: rows).tensors(for: model.signature) else {
            verification.report.notes.append("no samples were run: rows cannot be made up from the signature")
            return
        }
        let count = inputs.first?.tensor.shape.dimensions.first ?? 1
        do {
            _ = try await LoaderThread.run { try SampleCheck.answers(of: model, to: inputs, rows: count) }
            verification.report.samples = ImportReportDTO.Samples(rows: count)
            verification.origin = .generated
        } catch let error as any SlipwayError {
            verification.report.notes.append("made-up rows were not answered, give --samples: \(error)")
        }
    }
}

extension InspectedModel {
    /// A registered model, its files laid out in a folder.
    fileprivate init(_ record: VersionRecord, in folder: String) {
        let draft = record.draft
        let others = draft.files.map(\.path).filter { $0 != draft.primaryPath }
        self.init(
            format: draft.format, signature: draft.signature,
            parts: ([draft.primaryPath] + others).map { Part(source: folder + "/" + $0, path: $0) },
            metadata: draft.metadata)
    }
}
