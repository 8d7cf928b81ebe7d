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
    let lanes: LaneGroup

    private struct Leases {
        var count = LeaseCount()
        var whenDrained: (@Sendable () -> Void)?
    }

    private let leases = Mutex(Leases())

    init(
        resolved: ResolvedVersion, model: any TensorModel, engine: String, lanes: Int
    ) throws(EngineError) {
        self.resolved = resolved
        self.model = model
        self.engine = engine
        laneCount = max(1, min(lanes, model.maximumConcurrency))
        self.lanes = try LaneGroup(count: laneCount)
    }

    package var id: VersionID { resolved.id }
    package var inFlight: Int { leases.withLock { $0.count.taken } }

    /// Keeps the version loaded while `body` runs; `nil` when it is no longer to be used.
    func withLease<R>(_ body: () async throws -> R) async rethrows -> R? {
        guard leases.withLock({ $0.count.take() }) else { return nil }
        defer {
            let drained = leases.withLock { $0.count.giveBack() ? $0.whenDrained.take() : nil }
            drained?()
        }
        return try await body()
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

    /// Ends the lanes; returns when the last call has returned.
    func stopLanes() async { await lanes.stop() }
}
