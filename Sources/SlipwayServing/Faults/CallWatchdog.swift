// SPDX-License-Identifier: Apache-2.0

/// Notices engine calls that do not come back.
///
/// A call past its limit is first asked to stop; one that does not heed that within ``grace`` is given up, and its
/// lane with it. The grace counts from the asking: a check that comes late takes nothing from it.
package struct CallWatchdog<ID: Hashable & Sendable>: Sendable {
    package enum Action: Sendable, Hashable {
        /// Set the call's cancellation flag.
        case cancel(ID)
        /// Answer the call's requests with `hung` and replace its lane; whatever it still returns is not used.
        case abandon(ID)
    }

    package static var grace: Duration { .seconds(2) }
    /// Limits above it are as good as none, and sums with them stay far from overflowing.
    private static var longestLimit: Duration { .seconds(366 * 86_400) }

    private struct Call: Sendable {
        let id: ID
        var due: ContinuousClock.Instant
        var isCancelled = false
    }

    /// As many as there are lanes: few enough to be searched faster than hashed.
    private var calls: [Call] = []

    package init() {}

    /// A call begins.
    ///
    /// - Parameter limit: Past it, the call counts as hung; below zero counts as zero.
    package mutating func began(_ id: ID, limit: Duration, now: ContinuousClock.Instant) {
        calls.removeAll { $0.id == id }
        calls.append(Call(id: id, due: now + min(max(.zero, limit), Self.longestLimit)))
    }

    /// A call came back.
    package mutating func ended(_ id: ID) { calls.removeAll { $0.id == id } }

    /// What is to be done now, the longest overdue first.
    package mutating func overdue(_ now: ContinuousClock.Instant) -> [Action] {
        let late = calls.filter { $0.due <= now }.sorted { $0.due < $1.due }
        calls.removeAll { $0.due <= now && $0.isCancelled }
        for index in calls.indices where calls[index].due <= now {
            calls[index].due = now + Self.grace
            calls[index].isCancelled = true
        }
        return late.map { $0.isCancelled ? .abandon($0.id) : .cancel($0.id) }
    }
}
