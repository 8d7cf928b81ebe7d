// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
package import SlipwayEngine
package import SlipwayRegistry
import SlipwayServing

/// Asks a model without a server: loads the version, runs it once, and lets go of it.
package struct LocalPrediction: Sendable {
    let registry: Registry
    let source: RegistryModelSource
    let engines: [any InferenceEngine]

    package init(store: any MetadataStore, artifacts: any ArtifactStore, engines: [any InferenceEngine]) {
        registry = Registry(store: store)
        source = RegistryModelSource(store: store, artifacts: artifacts)
        self.engines = engines
    }

    /// - Parameter name: An endpoint, or a reference to a version.
    /// - Throws: `RegistryError`, `ControlError`, `SignatureError`, `EngineError`.
    package func run(_ name: String, _ input: PredictionInput) async throws -> InferenceResponse {
        let version = try await version(name)
        let threads = CoreBudget.current().cores
        let load = try await loading(version, LoadOptions(threadsPerCall: threads))
        let prediction = try await LoaderThread.run {
            let model = try load.engine.load(load.bundle, options: load.options)
            let tensors = try input.tensors(for: model.signature)
            try model.signature.check(tensors)
            return try model.predict(tensors, requestedOutputs: nil, cancellation: CancellationFlag())
        }
        return InferenceResponse(
            id: nil, endpoint: version.model, version: version.number, outputs: prediction.outputs,
            timings: prediction.timings)
    }

    /// Loads the version for many calls, a lane for each core; its owner closes it.
    ///
    /// - Parameter name: An endpoint, or a reference to a version.
    /// - Throws: `RegistryError`, `ControlError`, `EngineError`.
    package func scoringModel(_ name: String) async throws -> any ScoringModel {
        let version = try await version(name)
        let division = CoreDivision(of: CoreBudget.current())
        let load = try await loading(
            version, LoadOptions(threadsPerCall: division.threadsPerCall, lanes: division.lanes))
        let model = try await LoaderThread.run { try load.engine.load(load.bundle, options: load.options) }
        return try LocalScoringModel(model, version: "\(version) \(load.digest)", lanes: division.lanes)
    }

    private struct Loading: Sendable {
        let engine: any InferenceEngine
        let bundle: ModelBundle
        let options: LoadOptions
        let digest: Digest
    }

    private func loading(_ version: VersionID, _ options: LoadOptions) async throws -> Loading {
        let resolved = try await source.resolve(version)
        let bundle = try await source.verify(resolved, in: try await source.fetch(resolved))
        guard let engine = engines.first(where: { $0.name == resolved.engine }) else {
            throw EngineError(
                code: .libraryMissing,
                message: "engine '\(resolved.engine)' is not available here: Scripts/bootstrap fetches it, "
                    + "slipway doctor tells what is missing")
        }
        return Loading(engine: engine, bundle: bundle, options: options, digest: resolved.digest)
    }

    /// What the endpoint serves; where there is no such endpoint, the version that the reference names.
    private func version(_ name: String) async throws -> VersionID {
        let revision = try await registry.store.currentRevisions().first { $0.endpoint == name }
        if let primary = revision?.spec?.primary { return primary }
        return try await registry.resolve(try ModelReference(parsing: name)).id
    }
}
