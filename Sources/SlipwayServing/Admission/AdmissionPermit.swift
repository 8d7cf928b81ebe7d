// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
import Synchronization

/// Hands out ``AdmissionPermit``s within an endpoint's limits and quotas.
package final class AdmissionController: Sendable {
    private struct State {
        var ledger: AdmissionLedger
        var quotas: QuotaLedger
    }

    private enum Verdict {
        case admitted
        case overload(AdmissionLedger.Refusal)
        case quota(QuotaRefusal)
    }

    private let state: Mutex<State>

    package init(
        limits: AdmissionLimits, quota: LimitSpec.Quota? = nil, clientQuota: LimitSpec.Quota? = nil,
        now: ContinuousClock.Instant = .now
    ) {
        state = Mutex(
            State(
                ledger: AdmissionLedger(limits: limits),
                quotas: QuotaLedger(quota: quota, clientQuota: clientQuota, now: now)))
    }

    /// What is held now, and how much was refused so far.
    package var load: AdmissionLedger { state.withLock { $0.ledger } }

    /// Accepts a request, which then counts until the permit goes.
    ///
    /// Limits come before quotas, so that an overloaded endpoint spends nobody's quota.
    ///
    /// - Parameter endpoint: For messages.
    /// - Throws: ``ServingError`` `overloaded`, `deadlineExceeded` or `quotaExceeded`.
    package func admit(
        _ demand: AdmissionDemand, endpoint: String, now: ContinuousClock.Instant = .now
    ) throws(ServingError) -> AdmissionPermit {
        let verdict = state.withLock { state -> Verdict in
            if let refusal = state.ledger.admit(demand, now: now) { return .overload(refusal) }
            let spent = state.quotas.take(
                client: demand.client, rows: demand.rows, tokens: demand.tokens, now: now)
            guard let spent else { return .admitted }
            state.ledger.refuseForQuota(demand)
            return .quota(spent)
        }
        switch verdict {
        case .admitted: return AdmissionPermit(controller: self, rows: demand.rows, bytes: demand.bytes)
        case .overload(let refusal): throw .overloaded(endpoint, refusal)
        case .quota(let refusal): throw .quotaExceeded(endpoint, refusal)
        }
    }

    /// Takes a request from its quotas that needs no place in the queue.
    ///
    /// - Throws: ``ServingError`` `quotaExceeded`.
    package func charge(
        _ client: String, rows: Int, endpoint: String, now: ContinuousClock.Instant = .now
    ) throws(ServingError) {
        let demand = AdmissionDemand(client: client, rows: rows, bytes: 0)
        let spent = state.withLock { state -> QuotaRefusal? in
            let spent = state.quotas.take(client: client, rows: demand.rows, tokens: 0, now: now)
            if spent != nil { state.ledger.refuseForQuota(demand) }
            return spent
        }
        if let spent { throw .quotaExceeded(endpoint, spent) }
    }

    /// Changes what later requests are measured by; those held stay.
    package func update(
        limits: AdmissionLimits, quota: LimitSpec.Quota?, clientQuota: LimitSpec.Quota?,
        now: ContinuousClock.Instant = .now
    ) {
        state.withLock { state in
            state.ledger.limits = limits
            state.quotas.update(quota: quota, clientQuota: clientQuota, now: now)
        }
    }

    fileprivate func release(rows: Int, bytes: Int) {
        let now = ContinuousClock.now
        state.withLock { $0.ledger.release(rows: rows, bytes: bytes, now: now) }
    }
}

/// The right to queue one request; gone, the place is free again.
package struct AdmissionPermit: ~Copyable, Sendable {
    private let controller: AdmissionController
    private let rows: Int
    private let bytes: Int

    fileprivate init(controller: AdmissionController, rows: Int, bytes: Int) {
        self.controller = controller
        self.rows = rows
        self.bytes = bytes
    }

    deinit { controller.release(rows: rows, bytes: bytes) }
}
