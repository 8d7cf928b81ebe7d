// SPDX-License-Identifier: Apache-2.0

import SlipwayServing
import Testing

@Suite("Version lifecycle")
struct VersionLifecycleTests {
    typealias Step = VersionLifecycle.Step
    typealias State = VersionLifecycle.State
    typealias Action = VersionLifecycle.Action

    /// Everything that can happen to a version.
    enum Event: Hashable, Sendable {
        case start, retire, drained, unloadFinished
        case succeeded(Step)
        case failed(Step)

        static let all: [Event] =
            [.start, .retire, .drained, .unloadFinished] + Step.allCases.map { .succeeded($0) }
            + Step.allCases.map { .failed($0) }

        func happen(to lifecycle: inout VersionLifecycle) -> Action {
            switch self {
            case .start: lifecycle.start()
            case .retire: lifecycle.retire()
            case .drained: lifecycle.drained()
            case .unloadFinished: lifecycle.unloadFinished()
            case .succeeded(let step): lifecycle.succeeded(step)
            case .failed(let step): lifecycle.failed(step, message: "why")
            }
        }
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// How a new version comes to the row's state.
        let path: [Event]
        let state: State
        /// What the events lead to that do anything; every other event does nothing.
        let effects: [Event: (State, Action)]
    }

    private static func preparing(_ step: Step) -> [Event] {
        [.start] + Step.allCases.prefix { $0 != step }.map { .succeeded($0) }
    }

    static let table: [Row] = {
        let all = Step.allCases
        let ready: [Event] = [.start] + all.map { .succeeded($0) }
        var rows = [
            Row(
                testDescription: "new", path: [], state: .new,
                effects: [.start: (.preparing(.resolve), .perform(.resolve)), .retire: (.unloaded, .none)]),
            Row(
                testDescription: "ready", path: ready, state: .ready, effects: [.retire: (.draining, .drain)]),
            Row(
                testDescription: "draining", path: ready + [.retire], state: .draining,
                effects: [.drained: (.unloading, .unload)]),
            Row(
                testDescription: "unloading", path: ready + [.retire, .drained], state: .unloading,
                effects: [.unloadFinished: (.unloaded, .none)]),
            Row(
                testDescription: "unloaded", path: ready + [.retire, .drained, .unloadFinished], state: .unloaded,
                effects: [:]),
            Row(testDescription: "retired before it began", path: [.retire], state: .unloaded, effects: [:]),
        ]
        for (index, step) in all.enumerated() {
            let next: (State, Action) =
                index + 1 < all.count ? (.preparing(all[index + 1]), .perform(all[index + 1])) : (.ready, .publish)
            let failed = State.failed(step, message: "why")
            rows.append(
                Row(
                    testDescription: "preparing \(step)", path: preparing(step), state: .preparing(step),
                    effects: [.succeeded(step): next, .failed(step): (failed, .none)]))
            rows.append(
                Row(
                    testDescription: "preparing \(step), retired", path: preparing(step) + [.retire],
                    state: .preparing(step),
                    effects: [.succeeded(step): (.unloading, .unload), .failed(step): (failed, .none)]))
            rows.append(
                Row(
                    testDescription: "failed \(step)", path: preparing(step) + [.failed(step)], state: failed,
                    effects: [:]))
        }
        return rows
    }()

    @Test("every event in every state does what the table says, and nothing else", arguments: table)
    func everyEvent(row: Row) {
        for event in Event.all {
            var lifecycle = VersionLifecycle()
            for step in row.path { _ = step.happen(to: &lifecycle) }
            #expect(lifecycle.state == row.state)
            let action = event.happen(to: &lifecycle)
            let (state, expected) = row.effects[event] ?? (row.state, .none)
            #expect(lifecycle.state == state, "\(event)")
            #expect(action == expected, "\(event)")
        }
    }

    @Test("the steps come in order, each once")
    func order() {
        var lifecycle = VersionLifecycle()
        var steps: [Step] = []
        var action = lifecycle.start()
        while case .perform(let step) = action {
            steps.append(step)
            action = lifecycle.succeeded(step)
        }
        #expect(action == .publish)
        #expect(steps == [.resolve, .fetch, .verify, .load, .warmUp])
    }

    @Test("every state has a name of its own")
    func names() {
        let states: [State] =
            [.new, .ready, .draining, .unloading, .unloaded, .failed(.load, message: "")]
            + Step.allCases.map { .preparing($0) }
        #expect(Set(states.map(\.name)).count == states.count)
    }
}

@Suite("Lease count")
struct LeaseCountTests {
    @Test("tells of the last lease only once it is closed")
    func closing() {
        var count = LeaseCount()
        #expect(count.take() == true)
        #expect(count.take() == true)
        #expect(count.giveBack() == false)
        #expect(count.giveBack() == false)
        #expect(count.take() == true)
        #expect(count.close() == false)
        #expect(count.take() == false)
        #expect(count.taken == 1)
        #expect(count.giveBack() == true)
        #expect(count.isClosed)
    }

    @Test("closing an idle count is told at once")
    func idle() {
        var count = LeaseCount()
        #expect(count.close() == true)
        #expect(count.take() == false)
    }
}
