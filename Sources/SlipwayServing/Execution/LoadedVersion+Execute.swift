// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayEngine

extension LoadedVersion {
    /// Queues a request on the lanes and waits for its answer, its deadline or its cancellation, whichever is first.
    ///
    /// This is where a batcher will stand between admission and lanes.
    ///
    /// - Parameter permit: Proof of admission, held by the caller until the answer.
    func execute(
        _ request: InferenceRequest, permit: borrowing AdmissionPermit
    ) async throws -> PendingInference.Execution {
        let cancellation = request.cancellation
        var watch: Task<Void, Never>?
        var registration: CancellationFlag.Registration?
        defer {
            watch?.cancel()
            if let registration { cancellation.remove(registration) }
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let pending = PendingInference(request, continuation: continuation, queuedAt: .now)
                registration = cancellation.add { [weak pending] in pending?.abandon(.cancelled) }
                if let deadline = request.deadline { watch = pending.watch(deadline, cancelling: cancellation) }
                if !lanes.queue.submit({ [model] in pending.run(on: model) }) { pending.abandon(.draining) }
            }
        } onCancel: {
            cancellation.cancel()
        }
    }
}

extension PendingInference {
    /// Ends the request at its deadline, also in the middle of its execution.
    fileprivate func watch(
        _ deadline: ContinuousClock.Instant, cancelling cancellation: CancellationFlag
    ) -> Task<Void, Never> {
        Task { [weak self] in
            guard (try? await Task.sleep(until: deadline, clock: .continuous)) != nil else { return }
            self?.abandon(.deadlineExceeded)
            cancellation.cancel()
        }
    }
}
