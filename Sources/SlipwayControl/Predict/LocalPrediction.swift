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
        let resolved = try await source.resolve(version)
        let bundle = try await source.verify(resolved, in: try await source.fetch(resolved))
        guard let engine = engines.first(where: { $0.name == resolved.engine }) else {
            throw EngineError(
                code: .libraryMissing,
                message: "engine '\(resolved.engine)' is not available here: Scripts/bootstrap fetches it, "
                    + "slipway doctor tells what is missing")
        }
        let threads = CoreBudget.current().cores
        let prediction = try await LoaderThread.run {
            let model = try engine.load(bundle, options: LoadOptions(threadsPerCall: threads))
            let tensors = try input.tensors(for: model.signature)
            try model.signature.check(tensors)
            return try model.predict(tensors, requestedOutputs: nil, cancellation: CancellationFlag())
        }
        return InferenceResponse(
            id: nil, endpoint: version.model, version: version.number, outputs: prediction.outputs,
            timings: prediction.timings)
    }

    /// What the endpoint serves; where there is no such endpoint, the version that the reference names.
    private func version(_ name: String) async throws -> VersionID {
        let revision = try await registry.store.currentRevisions().first { $0.endpoint == name }
        if let primary = revision?.spec?.primary { return primary }
        return try await registry.resolve(try ModelReference(parsing: name)).id
    }
}
