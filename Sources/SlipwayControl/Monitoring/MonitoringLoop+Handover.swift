// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayEngine
import SlipwayMonitoring
import SlipwayRegistry
import Synchronization

/// Feedback for predictions of other replicas: whoever gets it hands it over through the store, and whoever made the
/// prediction joins it within seconds. Joining twice is no harm: the second is a duplicate.
extension MonitoringLoop {
    /// Hands over what is unknown here, where there are others that may know it.
    func handOver(
        _ feedback: [Feedback], _ results: [FeedbackResult], endpoint: String, at now: Timestamp
    ) async -> [FeedbackResult] {
        let unknown = results.indices.filter { results[$0] == .unknown }
        guard !unknown.isEmpty, await hasOthers(at: now) else { return results }
        let handed = unknown.map { index in
            HandedFeedback(
                id: String(UInt64.random(in: .min ... .max), radix: 36), endpoint: endpoint, replica: parts.replica,
                at: now, feedback: feedback[index])
        }
        do {
            let count = try await parts.store.handOver(handed)
            var results = results
            for index in unknown.prefix(count) { results[index] = .forwarded }
            return results
        } catch {
            parts.warn("cannot hand feedback over to other replicas: \(error)")
            return results
        }
    }

    private func hasOthers(at now: Timestamp) async -> Bool {
        guard let replicas = try? await parts.registry.replicas() else { return false }
        return replicas.contains { $0.id != parts.replica && $0.isAlive(at: now) }
    }

    /// Joins what others got for predictions of this replica, and ends what nobody took up.
    func takeHandedOver(at now: Timestamp) async throws {
        for (endpoint, watched) in state.withLock({ $0.endpoints }) {
            guard let join = watched.join else { continue }
            let handed = try await parts.store.handedOver(to: endpoint, limit: Self.handedAtOnce)
            guard !handed.isEmpty else { continue }
            await drain()
            let others = handed.filter { $0.replica != parts.replica && join.knows($0.feedback.requestID) }
            // Writing blocks.
            let results = try await lanes.queue.run { join.join(others.map(\.feedback), at: now) }
            var done: [String] = []
            for (item, result) in zip(others, results) {
                // What could not be written down is tried again until its time is over.
                if case .unavailable = result { continue }
                parts.metrics?.countFeedback(endpoint: endpoint, outcome: result.name)
                done.append(item.id)
            }
            let oldest = now.milliseconds - Int64(HandedFeedback.lifetime / .milliseconds(1))
            let taken = Set(done)
            let given = handed.filter { $0.at.milliseconds < oldest && !taken.contains($0.id) }
            for _ in given { parts.metrics?.countFeedback(endpoint: endpoint, outcome: FeedbackResult.unknown.name) }
            try await parts.store.deleteHandedOver(done + given.map(\.id))
        }
    }

    private static let handedAtOnce = 10_000
}
