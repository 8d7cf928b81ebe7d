// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayEngine
package import SlipwayMonitoring
import Synchronization

extension MonitoringLoop: LiveMonitor {
    package var report: SignalReport { state.withLock { $0.report } }

    package func history(of endpoint: String) -> [SignalKey: [Double]] {
        state.withLock { $0.history.values(of: endpoint) }
    }

    package func alerts(of endpoint: String) -> [Alert] {
        state.withLock { state in state.open.filter { $0.key.endpoint == endpoint } }
    }

    package func labelCounts(of endpoint: String) -> [String: Int] {
        guard let counts = state.withLock({ $0.endpoints[endpoint]?.join })?.counts else { return [:] }
        return [
            "expected": counts.expected, "waiting": counts.waiting, "joined": counts.joined,
            "unknown": counts.unknown, "duplicate": counts.duplicate, "late": counts.late,
            "invalid": counts.invalid, "unavailable": counts.unavailable, "expired": counts.expired,
            "evicted": counts.evicted, "unreadable": counts.unreadable,
        ]
    }

    /// Predictions that wait for labels, by endpoint.
    package var waitingLabels: [String: Int] {
        state.withLock { $0.endpoints.compactMapValues(\.join) }.mapValues(\.counts.waiting)
    }

    package func captureCounts(of endpoint: String) -> [String: Int] { parts.capture?.counts(of: endpoint) ?? [:] }

    package func join(_ feedback: [Feedback], to endpoint: String) async throws -> [FeedbackResult] {
        guard let join = state.withLock({ $0.endpoints[endpoint]?.join }) else {
            throw ControlError(
                .invalidRequest,
                "endpoint '\(endpoint)' keeps no predictions to join labels to: monitoring.enabled is false")
        }
        // What was answered before the label came must be known before it is looked for.
        await drain()
        let now = parts.clock()
        // Writing blocks.
        let own = try await lanes.queue.run { join.join(feedback, at: now) }
        let results = await handOver(feedback, own, endpoint: endpoint, at: now)
        for result in results { parts.metrics?.countFeedback(endpoint: endpoint, outcome: result.name) }
        return results
    }
}
