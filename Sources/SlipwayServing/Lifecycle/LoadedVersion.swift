// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
package import SlipwayEngine
import Synchronization

/// A version in memory: its model, the lanes that call it, and who uses it.
package final class LoadedVersion: Sendable {
    package let resolved: ResolvedVersion
    package let model: any TensorModel
    package let engine: String
    package let laneCount: Int
    package let threadsPerCall: Int
    /// What its numbers are computed with; `nil` for a language model.
    package let precision: InferencePrecision?
    /// What runs it where it is a language model; ``model`` is then its face for tensors.
    package let language: LanguageWork?
    let runner: BatchRunner
    let lanes: LaneGroup
    private let deadlines: DeadlineWatch

    private struct Leases {
        var count = LeaseCount()
        var whenDrained: (@Sendable () -> Void)?
        var lastUse = ContinuousClock.now
    }

    private let leases = Mutex(Leases())

    init(
        _ prepared: PreparedVersion, lanes: LaneGroup, runner: BatchRunner, deadlines: DeadlineWatch
    ) {
        resolved = prepared.resolved
        model = prepared.model
        language = prepared.language
        engine = prepared.engine
        laneCount = lanes.laneCount
        threadsPerCall = prepared.threadsPerCall
        precision = prepared.precision
        self.deadlines = deadlines
        self.lanes = lanes
        self.runner = runner
    }

    package var id: VersionID { resolved.id }
    package var signature: ModelSignature { model.signature }
    package var inFlight: Int { leases.withLock { $0.count.taken } }

    /// For the decision what may go.
    var usage: ModelMemory.Usage {
        leases.withLock { ModelMemory.Usage(uses: $0.count.taken, lastUse: $0.lastUse) }
    }

    /// Keeps the version loaded while `body` runs; `nil` when it is no longer to be used.
    func withLease<R>(_ body: () async throws -> R) async rethrows -> R? {
        guard takeLease() else { return nil }
        defer { giveLeaseBack() }
        return try await body()
    }

    /// Keeps the version loaded until ``giveLeaseBack()``; `false` when it is no longer to be used.
    func takeLease() -> Bool { leases.withLock { $0.count.take() } }

    func giveLeaseBack() {
        let now = ContinuousClock.now
        let drained = leases.withLock { leases in
            leases.lastUse = now
            return leases.count.giveBack() ? leases.whenDrained.take() : nil
        }
        drained?()
    }

    /// Gives no more leases and calls `whenDrained` once when the last one is back.
    func drain(_ whenDrained: @escaping @Sendable () -> Void) {
        let isIdle = leases.withLock { leases -> Bool in
            if leases.count.close() { return true }
            leases.whenDrained = whenDrained
            return false
        }
        if isIdle { whenDrained() }
    }

    /// Ends the lanes; returns when the last call has returned, those not counted that hang.
    func stopLanes() async {
        await lanes.stop()
        await language?.stop()
    }

    /// Queues a request on the lanes and waits for its answer, its deadline or its cancellation, whichever is first.
    func execute(_ request: InferenceRequest, rows: Int) async throws -> PendingInference.Execution {
        let cancellation = request.cancellation
        // Else a lane might take it before it is withdrawn.
        if cancellation.isCancelled { throw ServingError.cancelled }
        let (runner, deadlines) = (runner, deadlines)
        var watch: UInt64?
        var registration: CancellationFlag.Registration?
        defer {
            if let watch { deadlines.remove(watch) }
            if let registration { cancellation.remove(registration) }
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let pending = PendingInference(request, rows: rows, queuedAt: .now, continuation: continuation)
                let number = runner.submit(pending, request)
                registration = cancellation.add { [weak pending] in
                    pending?.fail(ServingError.cancelled)
                    runner.withdraw(number)
                }
                guard let deadline = request.deadline else { return }
                watch = deadlines.add(deadline) { [weak pending] in
                    // Also in the middle of its execution.
                    pending?.fail(ServingError.deadlineExceeded)
                    cancellation.cancel()
                }
            }
        } onCancel: {
            cancellation.cancel()
        }
    }
}
