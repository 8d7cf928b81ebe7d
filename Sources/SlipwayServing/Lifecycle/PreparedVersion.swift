// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayEngine

/// A version whose model is in memory and whose lanes are not there yet: what warm-up works on.
struct PreparedVersion: Sendable {
    let resolved: ResolvedVersion
    let model: any TensorModel
    var language: LanguageWork?
    let engine: String
    let lanes: Int
    let threadsPerCall: Int
    /// `nil` for a language model, whose numbers are its file's.
    var precision: InferencePrecision?

    /// Runs the model on a loader's thread, as requests would, and finds out whether they can share a call.
    ///
    /// A model may refuse what was made up for reasons of its own; that is no reason not to serve it. One that does not
    /// come back is.
    func warmUp(
        _ spec: EndpointSpec, recorded: [NamedTensors], deadlines: DeadlineWatch
    ) async throws -> BatchSetup {
        var alone = BatchSetup(model, spec: spec)
        guard language == nil else {
            // Text is batched step by step where it is generated.
            alone.runAlone("a language model batches its steps itself")
            return alone
        }
        let setup = alone
        let limit = max(Self.leastLimit, setup.callLimit * 5)
        return try await SupervisedWork.run("warm-up", limit: limit, deadlines) { stop in
            var setup = setup
            for inputs in recorded { _ = run(inputs, stop) }
            guard spec.lifecycle.warmUp != LifecycleSpec.WarmUp.none else {
                setup.doWithoutProbe(spec, model.signature)
                return setup
            }
            if let inputs = WarmUpInputs(Self.kind(spec)).tensors(for: model.signature) { _ = run(inputs, stop) }
            guard setup.reasonAlone == nil else { return setup }
            var probe = BatchProbe(
                signature: model.signature, limit: setup.policy.maximumRows, budget: Self.probeBudget,
                padding: setup.rules.padding)
            while let inputs = probe.nextTrial() {
                let startedAt = ContinuousClock.now
                let outputs = run(inputs, stop)
                probe.record(outputs: outputs, duration: ContinuousClock.now - startedAt)
            }
            setup.learn(from: probe, model.signature)
            return setup
        }
    }

    /// How long the probe for batches may take on top of a load.
    static let probeBudget: Duration = .milliseconds(300)
    /// The whole warm-up may take so long, or five times a call's limit where that is more.
    private static let leastLimit: Duration = .seconds(60)

    private static func kind(_ spec: EndpointSpec) -> WarmUpInputs.Kind {
        spec.lifecycle.warmUp == .random ? .random(seed: 1) : .zeros
    }

    private func run(_ inputs: NamedTensors, _ stop: CancellationFlag) -> Result<NamedTensors, EngineError> {
        Result { () throws(EngineError) in
            try model.predict(inputs, requestedOutputs: nil, cancellation: stop).outputs
        }
    }

    /// Starts the lanes.
    func start(
        _ setup: BatchSetup, _ context: ServingContext, observe: @escaping @Sendable (Int, InferenceTimings) -> Void
    ) throws(EngineError) -> LoadedVersion {
        let group = try LaneGroup(count: max(1, min(lanes, model.maximumConcurrency)))
        // A language model's lanes only wait for its own, which takes the cores: they would wait for one another.
        let gate = language == nil ? context.cores : CoreGate(cores: lanes)
        let cores = VersionCores(
            gate: gate, owner: ObjectIdentifier(group).hashValue, perCall: language == nil ? threadsPerCall : 1)
        let runner = BatchRunner(model, resolved.id, lanes: group, cores: cores, batching: setup, observe: observe)
        return LoadedVersion(self, lanes: group, runner: runner, deadlines: context.deadlines)
    }
}
