// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
import SlipwayEngine
import Synchronization

/// Sends copies of answered requests to shadow versions and compares what they say.
///
/// Begins when the caller has its answer. Bounded in copies and bytes: what does not fit is dropped and counted.
package final class ShadowMirror: Sendable {
    private struct State {
        var tallies: [VersionID: ShadowTally] = [:]
        var copies = 0
        var bytes = 0
    }

    static let mostCopies = 64
    static let mostBytes = 64 << 20
    /// A shadow's answer that takes longer is of no use.
    static let patience: Duration = .seconds(60)

    private let endpoint: String
    private let observe: @Sendable (InferenceObservation) -> Void
    private let observePrediction: (@Sendable (PredictionObservation) -> Void)?
    private let wallClock: @Sendable () -> Timestamp
    private let state = Mutex(State())

    init(endpoint: String, context: ServingContext) {
        self.endpoint = endpoint
        observe = context.observe
        observePrediction = context.observePrediction
        wallClock = context.wallClock
    }

    /// What came of the comparisons, by version.
    package var tallies: [VersionID: ShadowTally] { state.withLock { $0.tallies } }

    /// Forgets versions that are no shadows any more.
    func keep(_ versions: Set<VersionID>) {
        state.withLock { state in state.tallies = state.tallies.filter { versions.contains($0.key) } }
    }

    // MARK: - Copies that are compared elsewhere

    /// Whether another copy may be made now; each is given back.
    func takePlace() -> Bool {
        state.withLock { state in
            guard state.copies < Self.mostCopies else { return false }
            state.copies += 1
            return true
        }
    }

    func givePlaceBack() { state.withLock { $0.copies -= 1 } }

    func compared(_ version: VersionID, _ outcome: AnswerComparison.Outcome) {
        state.withLock { $0.tallies[version, default: ShadowTally()].add(outcome) }
    }

    func failed(_ version: VersionID, _ reason: String) {
        state.withLock { $0.tallies[version, default: ShadowTally()].addFailure(reason) }
    }

    func dropped(_ version: VersionID) {
        state.withLock { $0.tallies[version, default: ShadowTally()].addDropped() }
    }

    // MARK: - Copies of tensors

    /// Sends a copy of `request` to a version, later; `answer` is what the caller got.
    func copy(_ request: InferenceRequest, answered answer: NamedTensors, to shadow: Shadow, _ version: LoadedVersion?)
    {
        let bytes = request.inputs.byteCount + answer.byteCount
        let fits = state.withLock { state -> Bool in
            guard version != nil, state.copies < Self.mostCopies, bytes <= Self.mostBytes - state.bytes else {
                state.tallies[shadow.version, default: ShadowTally()].addDropped()
                return false
            }
            state.copies += 1
            state.bytes += bytes
            return true
        }
        guard fits, let version else { return }
        Task { [self] in
            await run(request, answer, shadow, version)
            state.withLock { state in
                state.copies -= 1
                state.bytes -= bytes
            }
        }
    }

    private func run(
        _ original: InferenceRequest, _ answer: NamedTensors, _ shadow: Shadow, _ version: LoadedVersion
    ) async {
        let startedAt = ContinuousClock.now
        // The caller's own cancellation and deadline ended with its answer.
        var request = InferenceRequest(
            id: original.id, endpoint: original.endpoint, inputs: original.inputs,
            requestedOutputs: original.requestedOutputs, caller: original.caller,
            urgency: InferenceRequest.leastUrgent, deadline: startedAt + Self.patience, receivedAt: startedAt)
        request.feedbackID = original.feedbackID
        let rows = version.runner.rules.rows(of: request.inputs)
        do {
            let execution = try await version.withLease {
                try version.signature.check(request.inputs)
                return try await version.execute(request, rows: rows)
            }
            guard let execution else {
                state.withLock { $0.tallies[shadow.version, default: ShadowTally()].addDropped() }
                return
            }
            // On its lane: a large answer takes a while to compare.
            let outcome = try await version.lanes.queue.run {
                AnswerComparison(shadow.rule).compare(execution.outputs, to: answer)
            }
            state.withLock { $0.tallies[shadow.version, default: ShadowTally()].add(outcome) }
            record(request, version, .success, rows, execution)
            observePrediction?(
                PredictionObservation(
                    requestID: request.feedbackID ?? request.id, endpoint: endpoint, version: version.id,
                    route: .shadow, at: wallClock(), inputs: request.inputs, outputs: execution.outputs,
                    parameters: request.parameters, rows: rows, total: .now - request.receivedAt))
        } catch {
            let category = (error as? any SlipwayError)?.category ?? .internal
            state.withLock { $0.tallies[shadow.version, default: ShadowTally()].addFailure("\(error)") }
            record(request, version, .failure(category), rows, nil)
        }
    }

    private func record(
        _ request: InferenceRequest, _ version: LoadedVersion, _ outcome: InferenceObservation.Outcome, _ rows: Int,
        _ execution: PendingInference.Execution?
    ) {
        observe(
            InferenceObservation(
                requestID: request.id, endpoint: endpoint, version: version.id.number, route: .shadow,
                outcome: outcome, rows: rows, batchSize: execution?.batchSize ?? 0,
                inputBytes: request.inputs.byteCount, outputBytes: execution?.outputs.byteCount ?? 0,
                timings: execution?.timings ?? InferenceTimings(), total: ContinuousClock.now - request.receivedAt))
    }
}

extension Shadow {
    /// Tolerance where the shadow does not say: engines round differently in the last digits.
    static let defaultTolerance = 1e-4

    fileprivate var rule: AnswerComparison.Rule {
        comparesTopClass ? .topOne : .tolerance(tolerance ?? Self.defaultTolerance)
    }
}
