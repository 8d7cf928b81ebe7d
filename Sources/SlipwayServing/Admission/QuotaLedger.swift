// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// An endpoint's quotas per minute: of all callers together, and of each.
package struct QuotaLedger: Sendable, Equatable {
    /// Callers with buckets of their own; past it, new ones share one set.
    package static let maximumClients = 10_000
    /// A search for buckets to forget looks at all of them, so there is a while between two.
    static let sweepInterval = Duration.seconds(1)

    private var clientQuota: LimitSpec.Quota?
    private var together: QuotaBuckets?
    private var clients: [String: QuotaBuckets] = [:]
    private var overflow: QuotaBuckets?
    private let maximumClients: Int
    private var nextSweep: ContinuousClock.Instant?

    package init(
        quota: LimitSpec.Quota?, clientQuota: LimitSpec.Quota?, maximumClients: Int = Self.maximumClients,
        now: ContinuousClock.Instant
    ) {
        self.maximumClients = max(0, maximumClients)
        update(quota: quota, clientQuota: clientQuota, now: now)
    }

    /// Takes one request with its rows and tokens from every bucket, or from none.
    ///
    /// - Returns: The quota it would have to wait for the longest; `nil` when it was taken.
    package mutating func take(
        client: String, rows: Int, tokens: Int, now: ContinuousClock.Instant
    ) -> QuotaRefusal? {
        let amounts = QuotaBuckets.Amounts(rows: rows, tokens: tokens)
        let refusal = together?.refusal(of: amounts, scope: .endpoint, now: now)
        guard let clientQuota else {
            if refusal == nil { together?.take(amounts, now: now) }
            return refusal
        }
        if let index = clients.index(forKey: client) {
            let own = clients.values[index].refusal(of: amounts, scope: .client, now: now)
            if let worst = QuotaRefusal.longer(refusal, own) { return worst }
            together?.take(amounts, now: now)
            clients.values[index].take(amounts, now: now)
            return nil
        }
        if clients.count >= maximumClients { sweep(now) }
        let isOwn = clients.count < maximumClients
        var buckets = (isOwn ? nil : overflow) ?? QuotaBuckets(clientQuota, now: now)
        if let worst = QuotaRefusal.longer(refusal, buckets.refusal(of: amounts, scope: .client, now: now)) {
            return worst
        }
        together?.take(amounts, now: now)
        buckets.take(amounts, now: now)
        if isOwn { clients[client] = buckets } else { overflow = buckets }
        return nil
    }

    /// Changes the quotas; what has been taken stays taken, in parts of the whole.
    package mutating func update(
        quota: LimitSpec.Quota?, clientQuota: LimitSpec.Quota?, now: ContinuousClock.Instant
    ) {
        let quota = quota.flatMap { $0.isLimited ? $0 : nil }
        if let quota, var buckets = together {
            buckets.update(quota, now: now)
            together = buckets
        } else {
            together = quota.map { QuotaBuckets($0, now: now) }
        }
        self.clientQuota = clientQuota.flatMap { $0.isLimited ? $0 : nil }
        guard let clientQuota = self.clientQuota else {
            clients = [:]
            overflow = nil
            return
        }
        for client in clients.keys { clients[client]?.update(clientQuota, now: now) }
        overflow?.update(clientQuota, now: now)
    }

    /// Forgets full buckets: having one is the same as having none.
    private mutating func sweep(_ now: ContinuousClock.Instant) {
        if let nextSweep, now < nextSweep { return }
        nextSweep = now + Self.sweepInterval
        clients = clients.filter { !$0.value.isFull(now) }
    }
}
