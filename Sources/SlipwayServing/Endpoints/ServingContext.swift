// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
package import SlipwayEngine

/// What every endpoint of a replica shares.
package struct ServingContext: Sendable {
    package let engines: [any InferenceEngine]
    package let source: any ModelSource
    package let configuration: ServingConfiguration
    package let cores: CoreGate
    package let memory: ModelMemory
    let deadlines = DeadlineWatch()
    /// Something happened to a version.
    package var report: @Sendable (ServingEvent) -> Void = { _ in }
    /// Called once per request on the request's task; must be quick and never block.
    package var observe: @Sendable (InferenceObservation) -> Void = { _ in }
    /// Called once per engine call that succeeded, on its lane; must be quick and never block.
    package var observeExecution: @Sendable (ExecutionObservation) -> Void = { _ in }
    /// Called once per request for generated text, when it is over; must be quick and never block.
    package var observeGeneration: @Sendable (GenerationObservation) -> Void = { _ in }
    /// Called once per step of a language model, on its lane; must be quick and never block.
    package var observeStep: @Sendable (StepObservation) -> Void = { _ in }
    /// Called once per request that was answered, shadows' included, with its tensors; must be quick and never block.
    /// `nil` where nobody looks.
    package var observePrediction: (@Sendable (PredictionObservation) -> Void)?
    /// Dates predictions.
    package var wallClock: @Sendable () -> Timestamp = { Timestamp(milliseconds: 0) }
    /// Asks the allocator to give free memory back to the system, after a model was unloaded.
    package var trimMemory: @Sendable () -> Void = {}

    package init(
        engines: [any InferenceEngine], source: any ModelSource, configuration: ServingConfiguration,
        cores: CoreGate, memory: ModelMemory
    ) {
        self.engines = engines
        self.source = source
        self.configuration = configuration
        self.cores = cores
        self.memory = memory
    }

    /// The engine asked for by name.
    ///
    /// - Throws: ``ServingError`` `noEngine`, naming the ones there are.
    func engine(named name: String, for format: ModelFormat) throws -> any InferenceEngine {
        guard let engine = engines.first(where: { $0.name == name }) else {
            let known = engines.map(\.name).joined(separator: ", ")
            throw ServingError(
                code: .noEngine,
                message: "engine '\(name)' is not available here (available: \(known.isEmpty ? "none" : known)); "
                    + "run Scripts/bootstrap to fetch engines, slipway doctor to see them")
        }
        guard engine.capabilities.formats.contains(format) else {
            throw ServingError(
                code: .noEngine, message: "engine '\(name)' does not run the format \(format.displayName)")
        }
        return engine
    }
}
