// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayMonitoring
import Synchronization

/// The queue of one receiver.
final class DeliveryLane: Sendable {
    private struct Entry {
        let notice: AlertNotice
        let takenAt: ContinuousClock.Instant
    }

    private struct State {
        var entries: [Entry] = []
        var isBusy = false
        var counts: DeliveryCounts
        var warnedAt: ContinuousClock.Instant?
    }

    /// Between two warnings.
    private static let warningPause: Duration = .seconds(60)

    private let target: DeliveryReceiver
    private let capacity: Int
    private let plan: RetryPlan
    private let sleep: @Sendable (Duration) async throws -> Void
    private let random: @Sendable () -> Double
    private let warn: @Sendable (String) -> Void
    private let state: Mutex<State>
    private let wakeUps: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation

    var name: String { target.receiver.name }

    init(
        _ target: DeliveryReceiver, capacity: Int, plan: RetryPlan,
        sleep: @escaping @Sendable (Duration) async throws -> Void, random: @escaping @Sendable () -> Double,
        warn: @escaping @Sendable (String) -> Void
    ) {
        self.target = target
        self.capacity = capacity
        self.plan = plan
        self.sleep = sleep
        self.random = random
        self.warn = warn
        state = Mutex(State(counts: DeliveryCounts(receiver: target.receiver.name)))
        // One wake-up is enough for any number of entries.
        (wakeUps, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    var counts: DeliveryCounts {
        state.withLock { state in
            var counts = state.counts
            counts.waiting = state.entries.count + (state.isBusy ? 1 : 0)
            return counts
        }
    }

    /// - Returns: Whether the notice is for this receiver.
    func offer(_ notice: AlertNotice, isNamed: Bool, isUnnamed: Bool) -> Bool {
        guard isNamed || isUnnamed && target.takesUnnamed, notice.severity.isAtLeast(target.minimumSeverity) else {
            return false
        }
        state.withLock { state in
            state.counts.offered += 1
            if state.entries.count >= capacity {
                state.entries.removeFirst()
                state.counts.dropped += 1
            }
            state.entries.append(Entry(notice: notice, takenAt: .now))
        }
        wake.yield()
        return true
    }

    /// One at a time, in order, until the task is cancelled.
    func run() async {
        for await _ in wakeUps {
            while !Task.isCancelled, let entry = next() {
                await deliver(entry)
                state.withLock { $0.isBusy = false }
            }
        }
    }

    private func next() -> Entry? {
        state.withLock { state in
            guard !state.entries.isEmpty else { return nil }
            state.isBusy = true
            return state.entries.removeFirst()
        }
    }

    private func deliver(_ entry: Entry) async {
        var attempts = 0
        while !Task.isCancelled {
            attempts += 1
            let failure: any Error
            do {
                try await attempt(entry.notice)
                return state.withLock { $0.counts.delivered += 1 }
            } catch {
                failure = error
            }
            let category = (failure as? any SlipwayError)?.category ?? .internal
            let action = plan.next(
                attempts: attempts, category: category, age: ContinuousClock.now - entry.takenAt, random: random())
            guard case .retry(let wait) = action, !Task.isCancelled else {
                return fail(failure)
            }
            state.withLock { state in
                state.counts.retried += 1
                state.counts.lastFailure = "\(failure)"
            }
            do { try await sleep(wait) } catch { return fail(failure) }
        }
        fail(CancellationError())
    }

    /// A little longer than the receiver's own deadline, which tells more.
    private func attempt(_ notice: AlertNotice) async throws {
        let (receiver, deadline) = (target.receiver, target.deadline)
        try await Deadline.run(deadline + .milliseconds(500), named: "receiver '\(receiver.name)'") {
            try await receiver.deliver(notice, deadline: deadline)
        }
    }

    private func fail(_ failure: any Error) {
        let now = ContinuousClock.now
        let isToldNow = state.withLock { state in
            state.counts.failed += 1
            state.counts.lastFailure = "\(failure)"
            guard state.warnedAt.map({ now - $0 >= Self.warningPause }) ?? true else { return false }
            state.warnedAt = now
            return true
        }
        guard isToldNow else { return }
        // Not the cause: what a receiver or a library says may hold the address, which may be a secret.
        let why = (failure as? any SlipwayError)?.message ?? "the process stops, or it failed for an unknown reason"
        warn("receiver '\(name)': a notice is given up: \(why)")
    }
}
