// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayServing
import Testing

@Suite("Deadlines")
struct DeadlineAgendaTests {
    private let start = ContinuousClock.now

    private func after(_ milliseconds: Int) -> ContinuousClock.Instant { start + .milliseconds(milliseconds) }

    @Test("what is due comes out in order, the rest stays")
    func order() {
        var agenda = DeadlineAgenda<Int>()
        for time in [50, 10, 40, 20, 30, 60] { _ = agenda.add(after(time), time) }
        #expect(agenda.next == after(10))
        #expect(agenda.takeDue(now: after(35)) == [10, 20, 30])
        #expect(agenda.takeDue(now: after(35)) == [])
        #expect(agenda.next == after(40) && agenda.count == 3)
        #expect(agenda.takeDue(now: after(100)) == [40, 50, 60])
        #expect(agenda.next == nil)
    }

    @Test("what was removed does not come out, and takes no room for long")
    func removal() {
        var agenda = DeadlineAgenda<Int>()
        let kept = agenda.add(after(1_000_000), -1)
        for round in 0..<10_000 { agenda.remove(agenda.add(after(60_000 + round), round)) }
        #expect(agenda.count == 1 && agenda.size <= 2 * 1 + 64)
        #expect(agenda.takeDue(now: after(500_000)) == [])
        agenda.remove(kept)
        #expect(agenda.takeDue(now: after(2_000_000)) == [] && agenda.size == 0)
    }

    @Test("any order of times and removals comes out sorted", arguments: 1...20)
    func shuffled(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var agenda = DeadlineAgenda<Int>()
        var expected: [UInt64: Int] = [:]
        for _ in 0..<500 {
            let time = Int.random(in: 0..<1_000, using: &random)
            expected[agenda.add(after(time), time)] = time
            if Bool.random(using: &random), let number = expected.keys.randomElement(using: &random) {
                agenda.remove(number)
                expected[number] = nil
            }
        }
        #expect(agenda.takeDue(now: after(1_000)) == expected.values.sorted())
    }

    @Test("a watch runs actions at their time, an earlier one that comes later included, and no removed one")
    func watch() async {
        let watch = DeadlineWatch()
        let removed = watch.add(.now + .milliseconds(5)) { Issue.record("it was removed") }
        watch.remove(removed)
        _ = watch.add(.now + .seconds(3600)) { Issue.record("it is too early") }
        await withCheckedContinuation { continuation in
            _ = watch.add(.now + .milliseconds(10)) { continuation.resume() }
        }
    }
}
