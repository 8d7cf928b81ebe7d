// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
package import SlipwayEngine
import Synchronization

/// A model that answers with its version's number, at a gate and by a script.
///
/// Takes `x`, float32 `[b, 1]`; answers `y`, float32 `[b, 1]`, each row the row of `x` plus the version's number.
package final class ScriptedModel: TensorModel {
    package static let oneColumn = ModelSignature(
        inputs: [TensorSpec(name: "x", elementType: .float32, shape: [.symbolic("b"), .fixed(1)])],
        outputs: [TensorSpec(name: "y", elementType: .float32, shape: [.symbolic("b"), .fixed(1)])])

    package let signature: ModelSignature = ScriptedModel.oneColumn
    package let maximumConcurrency: Int
    package let maximumBatchSize: Int? = nil
    package let residentBytes = 1000
    private let number: Int
    private let script: ScriptedEngine.Script
    private let tally: ModelTally

    init(number: Int, script: ScriptedEngine.Script, tally: ModelTally) {
        self.number = number
        self.script = script
        self.tally = tally
        maximumConcurrency = script.maximumConcurrency
        tally.born()
    }

    deinit { tally.died() }

    package func predict(
        _ inputs: NamedTensors, requestedOutputs: [String]?, cancellation: CancellationFlag
    ) throws(EngineError) -> Prediction {
        tally.called()
        script.gate.passBlocking()
        if let error = script.failure(number) { throw error }
        if cancellation.isCancelled { throw EngineError(code: .cancelled, message: "stopped by the caller") }
        guard let x = inputs["x"], let values = x.values(as: Float.self) else {
            throw EngineError(code: .inputMismatch, message: "no float32 'x'")
        }
        do throws(TensorError) {
            let y = try Tensor(values.map { $0 + Float(number) }, shape: x.shape)
            tally.answered()
            return Prediction(
                outputs: ["y": y], timings: InferenceTimings(compute: .microseconds(3)))
        } catch {
            throw EngineError(code: .executionFailed, message: error.message)
        }
    }
}

/// Counts what an engine's models do.
package final class ModelTally: Sendable {
    package struct Counts: Sendable, Equatable {
        /// Models in memory.
        package var alive = 0
        package var loaded = 0
        /// Calls begun, warm-ups included.
        package var calls = 0
        /// Calls that gave an answer, warm-ups included.
        package var answers = 0
    }

    private let state = Mutex(Counts())

    package var counts: Counts { state.withLock { $0 } }

    func born() {
        state.withLock {
            $0.alive += 1
            $0.loaded += 1
        }
    }
    func died() { state.withLock { $0.alive -= 1 } }
    func called() { state.withLock { $0.calls += 1 } }
    func answered() { state.withLock { $0.answers += 1 } }
}
