// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayEngine
import Synchronization

/// One request between admission and answer.
///
/// Ends exactly once: with the engine's answer, or earlier when nobody waits any more. A request
/// that ended while it was queued is not executed.
final class PendingInference: Sendable {
    typealias Continuation = CheckedContinuation<Execution, any Error>

    struct Execution: Sendable {
        let prediction: Prediction
        let queue: Duration
    }

    private struct Waiting {
        let continuation: Continuation
        let request: InferenceRequest
    }

    private let queuedAt: ContinuousClock.Instant
    /// `nil` once it has ended: a request that ended in the queue holds its tensors no longer.
    private let waiting: Mutex<Waiting?>

    init(_ request: InferenceRequest, continuation: Continuation, queuedAt: ContinuousClock.Instant) {
        self.queuedAt = queuedAt
        waiting = Mutex(Waiting(continuation: continuation, request: request))
    }

    /// Executes the request on the calling lane, unless it ended before.
    func run(on model: any TensorModel) {
        let startedAt = ContinuousClock.now
        guard let request = waiting.withLock({ $0?.request }) else { return }
        if let deadline = request.deadline, deadline <= startedAt {
            finish(.failure(ServingError.deadlineExceeded))
            return
        }
        do throws(EngineError) {
            let prediction = try model.predict(
                request.inputs, requestedOutputs: request.requestedOutputs, cancellation: request.cancellation)
            finish(.success(Execution(prediction: prediction, queue: startedAt - queuedAt)))
        } catch {
            finish(.failure(error.code == .cancelled ? ServingError.cancelled : error))
        }
    }

    /// Answers now with an error; the engine's own end, if it still comes, is ignored.
    func abandon(_ error: ServingError) { finish(.failure(error)) }

    private func finish(_ result: Result<Execution, any Error>) {
        waiting.withLock { $0.take() }?.continuation.resume(with: result)
    }
}
