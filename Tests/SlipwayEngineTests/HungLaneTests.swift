// SPDX-License-Identifier: Apache-2.0

import Glibc
import SlipwayEngine
import Synchronization
import Testing

@Suite("Lanes whose jobs hang", .timeLimit(.minutes(1)))
struct HungLaneTests {
    /// A job that hangs until it is let go, on a lane of its own group.
    private final class Hang: Sendable {
        private struct State {
            var hasBegun = false
            var isOver = false
        }

        private let state = Mutex(State())

        func run() {
            state.withLock { $0.hasBegun = true }
            while !state.withLock({ $0.isOver }) { sched_yield() }
        }

        func letGo() { state.withLock { $0.isOver = true } }

        func untilBegun() async {
            while !state.withLock({ $0.hasBegun }) { await Task.yield() }
        }
    }

    /// How many jobs run at the same time.
    private final class Counts: Sendable {
        private let state = Mutex((running: 0, most: 0))

        var most: Int { state.withLock { $0.most } }

        func begin() {
            state.withLock { state in
                state.running += 1
                state.most = max(state.most, state.running)
            }
        }

        func end() { state.withLock { $0.running -= 1 } }
    }

    /// What `group`'s lanes run from here on, one job after another.
    private func answers(_ group: LaneGroup, _ numbers: Range<Int>) async throws -> [Int] {
        var answers: [Int] = []
        for number in numbers { answers.append(try await group.queue.run { number }) }
        return answers
    }

    private func hang(_ group: LaneGroup) async -> Hang {
        let hang = Hang()
        group.queue.submit {
            hang.run()
            group.hungLaneReturned()
        }
        await hang.untilBegun()
        return hang
    }

    @Test("get a successor that does their work")
    func replaced() async throws {
        let group = try LaneGroup(count: 1)
        let hang = await hang(group)
        try group.replaceHungLane()
        #expect(try await answers(group, 0..<50) == Array(0..<50))
        hang.letGo()
        #expect(try await answers(group, 50..<100) == Array(50..<100))
        await group.stop()
    }

    @Test("do not keep their group from being stopped once they are replaced", arguments: 1...3)
    func stopped(lanes: Int) async throws {
        let group = try LaneGroup(count: lanes)
        var hanging: [Hang] = []
        for _ in 0..<lanes {
            hanging.append(await hang(group))
            try group.replaceHungLane()
        }
        #expect(try await answers(group, 0..<10) == Array(0..<10))
        await group.stop()
        for hang in hanging { hang.letGo() }
    }

    @Test("are replaced also while their group is being stopped")
    func replacedWhileStopping() async throws {
        let group = try LaneGroup(count: 1)
        let hang = await hang(group)
        let stopping = Task { await group.stop() }
        while group.queue.submit({}) { await Task.yield() }
        try group.replaceHungLane()
        await stopping.value
        #expect(group.queue.waitingCount == 0)
        hang.letGo()
    }

    @Test("leave no more lanes than there were when they return, time and again")
    func noMoreLanes() async throws {
        let group = try LaneGroup(count: 2)
        for _ in 0..<20 {
            let hang = await hang(group)
            try group.replaceHungLane()
            _ = try await answers(group, 0..<4)
            hang.letGo()
            _ = try await answers(group, 0..<4)
        }
        let counts = Counts()
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for _ in 0..<200 {
                tasks.addTask {
                    try await group.queue.run {
                        counts.begin()
                        for _ in 0..<50 { sched_yield() }
                        counts.end()
                    }
                }
            }
            try await tasks.waitForAll()
        }
        #expect(counts.most <= 2)
        await group.stop()
    }
}
