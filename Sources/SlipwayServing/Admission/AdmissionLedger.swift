// SPDX-License-Identifier: Apache-2.0

/// Counts what an endpoint has accepted, against its limits.
package struct AdmissionLedger: Sendable, Equatable {
    /// May change while requests are held: those stay, and new ones are measured by the new limits.
    package var limits: AdmissionLimits
    package private(set) var requests = 0
    package private(set) var rows = 0
    package private(set) var bytes = 0
    package private(set) var refused = RefusalCounts()
    private var drain = DrainRate()

    /// What a refused caller is told at least, because HTTP's `Retry-After` counts whole seconds, and at most,
    /// because nobody knows what will be in a minute.
    package static let retryBounds: ClosedRange<Duration> = .seconds(1) ... .seconds(60)

    package init(limits: AdmissionLimits) { self.limits = limits }

    /// Accepts a request, or says which limit it would break.
    ///
    /// A single request larger than the row or byte limit is accepted while nothing else is held: the body limit of
    /// the protocol bounds it already, and else it could never be answered.
    package mutating func admit(_ demand: AdmissionDemand, now: ContinuousClock.Instant) -> Refusal? {
        drain.advance(to: now, isBusy: requests > 0)
        if let refusal = refusal(of: demand, now: now) {
            refused.count(refusal.reason)
            return refusal
        }
        requests += 1
        rows += demand.rows
        bytes += demand.bytes
        return nil
    }

    /// An accepted request is over, whatever became of it.
    package mutating func release(rows: Int, bytes: Int, now: ContinuousClock.Instant) {
        drain.advance(to: now, isBusy: requests > 0)
        drain.countRelease()
        forget(rows: rows, bytes: bytes)
    }

    /// An accepted request finds no quota: its place is free again, and nothing was drained.
    package mutating func refuseForQuota(_ demand: AdmissionDemand) {
        refused.count(.quota)
        forget(rows: demand.rows, bytes: demand.bytes)
    }

    private mutating func forget(rows: Int, bytes: Int) {
        requests -= 1
        self.rows -= rows
        self.bytes -= bytes
    }

    private func refusal(of demand: AdmissionDemand, now: ContinuousClock.Instant) -> Refusal? {
        let left = demand.deadline.map { $0 - now }
        if let left, left <= .zero { return .expired }
        if requests >= limits.requests {
            let gone = Double(requests) - Double(limits.requests) + 1
            return .requests(held: requests, limit: limits.requests, retryAfter: retryAfter(gone))
        }
        if let limit = limits.rows, let gone = requestsToGo(for: demand.rows, held: rows, limit: limit) {
            return .rows(held: rows, limit: limit, retryAfter: retryAfter(gone))
        }
        // No row limit is still a limit: that of the counter.
        if requests > 0, demand.rows > Int.max - rows {
            return .rows(held: rows, limit: .max, retryAfter: retryAfter(Double(requests)))
        }
        if let gone = requestsToGo(for: demand.bytes, held: bytes, limit: limits.bytes) {
            return .bytes(held: bytes, limit: limits.bytes, retryAfter: retryAfter(gone))
        }
        let predicted = demand.predictedWait
        if let limit = limits.wait, predicted > limit {
            return .wait(predicted: predicted, limit: limit, retryAfter: Self.bounded(predicted - limit))
        }
        if let left, predicted > left {
            return .deadline(predicted: predicted, left: left, retryAfter: Self.bounded(predicted - left))
        }
        return nil
    }

    /// How many of the held requests must go until `size` more fits; `nil` when it fits now.
    private func requestsToGo(for size: Int, held: Int, limit: Int) -> Double? {
        let room = max(0, limit) - min(held, max(0, limit))
        guard requests > 0, size > room else { return nil }
        let average = max(Double(held) / Double(requests), 1e-9)
        let missing = Double(held) + Double(size) - Double(limit)
        return min((missing / average).rounded(.up), Double(requests))
    }

    private func retryAfter(_ released: Double) -> Duration {
        let seconds = drain.seconds(untilReleased: released)
        return Self.bounded(.seconds(min(seconds, 3600)))
    }

    private static func bounded(_ time: Duration) -> Duration {
        min(max(time, retryBounds.lowerBound), retryBounds.upperBound)
    }
}
