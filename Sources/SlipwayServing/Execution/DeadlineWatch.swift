// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Runs actions at their deadlines, with one sleeping task for all of them.
///
/// A task that sleeps until a deadline for each request would leave its timer behind until then when the request ends
/// early: the runtime cancels the sleep, not the timer.
package final class DeadlineWatch: Sendable {
    package typealias Instant = ContinuousClock.Instant
    package typealias Action = @Sendable () -> Void

    private struct State {
        var agenda = DeadlineAgenda<Action>()
        /// When the task that sleeps wakes up; `nil` while none does.
        var wakesAt: Instant?
    }

    private let state = Mutex(State())

    package init() {}

    /// Runs `action` at `deadline`, on a thread of Swift's tasks; it must be quick.
    ///
    /// - Returns: The number to remove it by.
    package func add(_ deadline: Instant, _ action: @escaping Action) -> UInt64 {
        let (number, wakeUp) = state.withLock { state in
            (state.agenda.add(deadline, action), Self.wakeUp(&state))
        }
        if let wakeUp { sleep(until: wakeUp) }
        return number
    }

    /// Forgets an action; it may just be running.
    package func remove(_ number: UInt64) { state.withLock { $0.agenda.remove(number) } }

    private func sleep(until instant: Instant) {
        Task { [weak self] in
            try? await Task.sleep(until: instant, clock: .continuous)
            self?.wake(from: instant)
        }
    }

    private func wake(from instant: Instant) {
        let (due, wakeUp) = state.withLock { state -> ([Action], Instant?) in
            if state.wakesAt == instant { state.wakesAt = nil }
            return (state.agenda.takeDue(now: .now), Self.wakeUp(&state))
        }
        if let wakeUp { sleep(until: wakeUp) }
        for action in due { action() }
    }

    /// When another task is to wake up, where none does early enough.
    private static func wakeUp(_ state: inout State) -> Instant? {
        guard let next = state.agenda.next, state.wakesAt.map({ next < $0 }) ?? true else { return nil }
        state.wakesAt = next
        return next
    }
}

/// What is to be done when, earliest first; what was removed early takes no more room than what is left.
package struct DeadlineAgenda<Action: Sendable>: Sendable {
    package typealias Instant = ContinuousClock.Instant

    private struct Entry: Sendable {
        let deadline: Instant
        let number: UInt64
    }

    /// A binary heap, the earliest in front.
    private var heap: [Entry] = []
    private var actions: [UInt64: Action] = [:]
    private var last: UInt64 = 0

    package init() {}

    package var count: Int { actions.count }
    /// Entries, those of removed actions included.
    package var size: Int { heap.count }

    /// The earliest deadline; that of an action that was removed too, until it is cleared away.
    package var next: Instant? { actions.isEmpty ? nil : heap.first?.deadline }

    package mutating func add(_ deadline: Instant, _ action: Action) -> UInt64 {
        last += 1
        actions[last] = action
        heap.append(Entry(deadline: deadline, number: last))
        rise(heap.count - 1)
        return last
    }

    package mutating func remove(_ number: UInt64) {
        actions[number] = nil
        guard heap.count > 2 * actions.count + 64 else { return }
        heap = heap.filter { actions[$0.number] != nil }.sorted { $0.deadline < $1.deadline }
    }

    /// The actions whose time has come, in order.
    package mutating func takeDue(now: Instant) -> [Action] {
        var due: [Action] = []
        while let first = heap.first, first.deadline <= now || actions[first.number] == nil {
            if let action = actions.removeValue(forKey: first.number) { due.append(action) }
            let end = heap.removeLast()
            guard !heap.isEmpty else { break }
            heap[0] = end
            sink()
        }
        return due
    }

    private mutating func rise(_ start: Int) {
        var index = start
        while index > 0, heap[index].deadline < heap[(index - 1) / 2].deadline {
            heap.swapAt(index, (index - 1) / 2)
            index = (index - 1) / 2
        }
    }

    private mutating func sink() {
        var index = 0
        while true {
            var least = index
            for child in [2 * index + 1, 2 * index + 2] where child < heap.count {
                if heap[child].deadline < heap[least].deadline { least = child }
            }
            guard least != index else { return }
            heap.swapAt(index, least)
            index = least
        }
    }
}
