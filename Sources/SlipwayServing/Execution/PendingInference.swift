// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import Synchronization

/// One request between admission and answer.
///
/// Ends exactly once: with the engine's answer, or earlier when nobody waits any more. A request that ended while it
/// was queued is not executed. A request that was cut into portions ends with the last of them.
final class PendingInference: Sendable {
    typealias Continuation = CheckedContinuation<Execution, any Error>

    struct Execution: Sendable {
        let outputs: NamedTensors
        let timings: InferenceTimings
        /// Rows of the largest call it took part in.
        let batchSize: Int
    }

    /// What one engine call says about some rows of the request.
    struct Portion: Sendable {
        let rows: Range<Int>
        let outputs: NamedTensors
        let timings: InferenceTimings
        let startedAt: ContinuousClock.Instant
        let batchSize: Int
    }

    private struct Waiting {
        let continuation: Continuation
        let request: InferenceRequest
        var portions: [Portion] = []
    }

    let rows: Int
    let queuedAt: ContinuousClock.Instant
    /// `nil` once it has ended: a request that ended in the queue holds its tensors no longer.
    private let waiting: Mutex<Waiting?>

    init(_ request: InferenceRequest, rows: Int, queuedAt: ContinuousClock.Instant, continuation: Continuation) {
        self.rows = rows
        self.queuedAt = queuedAt
        waiting = Mutex(Waiting(continuation: continuation, request: request))
    }

    /// What is to be executed; `nil` when it has ended.
    var request: InferenceRequest? { waiting.withLock { $0?.request } }

    /// Takes an engine call's answer to some rows; the last one ends the request.
    func deliver(_ portion: Portion) {
        guard portion.rows.count < rows else {
            finish(.success(execution([portion], portion.outputs)))
            return
        }
        let whole = waiting.withLock { waiting -> [Portion]? in
            waiting?.portions.append(portion)
            guard let portions = waiting?.portions, portions.reduce(0, { $0 + $1.rows.count }) == rows else {
                return nil
            }
            return portions.sorted { $0.rows.lowerBound < $1.rows.lowerBound }
        }
        guard let whole else { return }
        do throws(BatchError) {
            finish(.success(execution(whole, try BatchAssembly.join(whole.map(\.outputs)))))
        } catch {
            finish(.failure(ServingError.cannotAssemble(error)))
        }
    }

    /// Ends the request with an error; what still comes of it is ignored.
    func fail(_ error: any Error) { finish(.failure(error)) }

    private func execution(_ portions: [Portion], _ outputs: NamedTensors) -> Execution {
        var timings = InferenceTimings()
        var first = portions[0].startedAt
        for portion in portions {
            first = min(first, portion.startedAt)
            timings.batch += portion.timings.batch
            timings.computeInput += portion.timings.computeInput
            timings.compute += portion.timings.compute
            timings.computeOutput += portion.timings.computeOutput
        }
        timings.queue = max(.zero, first - queuedAt)
        return Execution(outputs: outputs, timings: timings, batchSize: portions.map(\.batchSize).max() ?? 0)
    }

    private func finish(_ result: Result<Execution, any Error>) {
        waiting.withLock { $0.take() }?.continuation.resume(with: result)
    }
}
