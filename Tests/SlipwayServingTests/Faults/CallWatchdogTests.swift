// SPDX-License-Identifier: Apache-2.0

import SlipwayServing
import Testing

@Suite("Call watchdog")
struct CallWatchdogTests {
    private typealias Watchdog = CallWatchdog<Int>
    private let start = ContinuousClock.now

    private func at(_ seconds: Double) -> ContinuousClock.Instant { start + .seconds(seconds) }

    @Test("leaves calls alone that come back in time")
    func inTime() {
        var watchdog = Watchdog()
        #expect(watchdog.overdue(start) == [])
        watchdog.began(1, limit: .seconds(60), now: start)
        #expect(watchdog.overdue(at(59.9)) == [])
        watchdog.ended(1)
        #expect(watchdog.overdue(at(1000)) == [])
    }

    @Test("asks a call past its limit to stop, and gives it up after the grace")
    func hung() {
        var watchdog = Watchdog()
        watchdog.began(1, limit: .seconds(60), now: start)
        #expect(watchdog.overdue(at(60)) == [.cancel(1)])
        #expect(watchdog.overdue(at(60)) == [])
        #expect(watchdog.overdue(at(61.9)) == [])
        #expect(watchdog.overdue(at(62)) == [.abandon(1)])
        #expect(watchdog.overdue(at(1000)) == [])
        watchdog.ended(1)
        #expect(watchdog.overdue(at(1000)) == [])
    }

    @Test("a call that heeds the request to stop keeps its lane")
    func heeded() {
        var watchdog = Watchdog()
        watchdog.began(1, limit: .seconds(1), now: start)
        #expect(watchdog.overdue(at(1)) == [.cancel(1)])
        watchdog.ended(1)
        #expect(watchdog.overdue(at(100)) == [])
    }

    @Test("a check that comes late takes nothing from the grace")
    func lateCheck() {
        var watchdog = Watchdog()
        watchdog.began(1, limit: .seconds(1), now: start)
        #expect(watchdog.overdue(at(500)) == [.cancel(1)])
        #expect(watchdog.overdue(at(501.9)) == [] && watchdog.overdue(at(502)) == [.abandon(1)])
    }

    @Test("tells of many calls, the longest overdue first")
    func many() {
        var watchdog = Watchdog()
        for id in 1...5 { watchdog.began(id, limit: .seconds(10 - id), now: start) }
        #expect(watchdog.overdue(at(7)) == [.cancel(5), .cancel(4), .cancel(3)])
        watchdog.ended(4)
        // Due at 8 s, and at 9 s with the grace.
        #expect(watchdog.overdue(at(8)) == [.cancel(2)])
        #expect(Set(watchdog.overdue(at(9))) == [.cancel(1), .abandon(5), .abandon(3)])
        #expect(watchdog.overdue(at(100)) == [.abandon(2), .abandon(1)])
    }

    @Test("a limit of none is over at once, and an endless one never within a year", arguments: [false, true])
    func limits(isEndless: Bool) {
        var watchdog = Watchdog()
        watchdog.began(1, limit: isEndless ? .seconds(Int64.max) : .seconds(-5), now: start)
        #expect(watchdog.overdue(start) == (isEndless ? [] : [.cancel(1)]))
        if isEndless { #expect(watchdog.overdue(at(365 * 86_400)) == []) }
    }

    @Test("a clock that goes back makes nothing overdue")
    func clockJump() {
        var watchdog = Watchdog()
        watchdog.began(1, limit: .seconds(5), now: start)
        #expect(watchdog.overdue(at(-1000)) == [])
        #expect(watchdog.overdue(at(5)) == [.cancel(1)] && watchdog.overdue(at(-1000)) == [])
        #expect(watchdog.overdue(at(7)) == [.abandon(1)])
    }

    @Test("an id that is used again belongs to the new call")
    func reused() {
        var watchdog = Watchdog()
        watchdog.began(1, limit: .seconds(1), now: start)
        #expect(watchdog.overdue(at(1)) == [.cancel(1)])
        watchdog.ended(1)
        watchdog.began(1, limit: .seconds(1), now: at(2))
        #expect(watchdog.overdue(at(2.9)) == [] && watchdog.overdue(at(3)) == [.cancel(1)])
    }
}
