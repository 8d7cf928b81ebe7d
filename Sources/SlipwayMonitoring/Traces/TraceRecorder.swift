// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// Keeps the requests whose trace is wanted until somebody takes them away.
///
/// A request is wanted when its caller says so in `traceparent`; of those that follow no trace, the share given here.
/// Others cost one comparison.
package final class TraceRecorder: Sendable {
    package let queue: BoundedQueue<TracedRequest>
    private let share: Double
    private let now: @Sendable () -> Timestamp

    /// - Parameters:
    ///   - limit: Requests that wait at most; about 1 KiB each.
    ///   - share: Of the requests without a caller's trace, 0...1, that begin one.
    ///   - now: The wall clock.
    package init(
        limit: Int = 8192, share: Double = 0, now: @escaping @Sendable () -> Timestamp = MetricsRegistry.wallClock
    ) {
        queue = BoundedQueue(limit: limit)
        self.share = min(max(share, 0), 1)
        self.now = now
    }

    /// Called once per request, from any thread.
    package func record(_ observation: InferenceObservation) {
        // A shadow's copy is not part of what its caller asked for.
        guard observation.route != .shadow, let trace = wanted(observation.trace) else { return }
        queue.offer(TracedRequest(observation, trace: trace, endedAt: now()))
    }

    /// Called once per generation, from any thread.
    package func record(_ observation: GenerationObservation) {
        guard observation.route != .shadow, let trace = wanted(observation.trace) else { return }
        queue.offer(TracedRequest(observation, trace: trace, endedAt: now()))
    }

    private func wanted(_ trace: TraceLink?) -> TraceLink? {
        if let trace { return trace.isSampled ? trace : nil }
        guard share > 0, Double.random(in: 0..<1) < share else { return nil }
        return TraceLink(
            traceIDHigh: .random(in: 1 ... .max), traceIDLow: .random(in: .min ... .max),
            spanID: .random(in: 1 ... .max), parentSpanID: nil, isSampled: true)
    }
}
