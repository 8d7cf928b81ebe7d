// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayServing
import Testing

@Suite("Admission ledger")
struct AdmissionLedgerTests {
    private let start = ContinuousClock.now

    private func ledger(
        requests: Int = 100, rows: Int? = nil, bytes: Int = 1000, wait: Duration? = nil
    ) -> AdmissionLedger {
        AdmissionLedger(limits: AdmissionLimits(requests: requests, rows: rows, bytes: bytes, wait: wait))
    }

    @Test("counts requests, rows and bytes, and refuses beyond any limit with what is there")
    func limits() {
        var ledger = ledger(requests: 2, rows: 10, bytes: 100)
        #expect(ledger.admit(AdmissionDemand(rows: 6, bytes: 60), now: start) == nil)
        #expect(
            ledger.admit(AdmissionDemand(rows: 1, bytes: 41), now: start)
                == .bytes(held: 60, limit: 100, retryAfter: .seconds(1)))
        #expect(
            ledger.admit(AdmissionDemand(rows: 5, bytes: 1), now: start)
                == .rows(held: 6, limit: 10, retryAfter: .seconds(1)))
        #expect(ledger.admit(AdmissionDemand(rows: 4, bytes: 40), now: start) == nil)
        #expect(
            ledger.admit(AdmissionDemand(rows: 0, bytes: 0), now: start)
                == .requests(held: 2, limit: 2, retryAfter: .seconds(1)))
        #expect((ledger.requests, ledger.rows, ledger.bytes) == (2, 10, 100))
        ledger.release(rows: 6, bytes: 60, now: start)
        #expect(ledger.admit(AdmissionDemand(rows: 6, bytes: 60), now: start) == nil)
        ledger.release(rows: 6, bytes: 60, now: start)
        ledger.release(rows: 4, bytes: 40, now: start)
        #expect((ledger.requests, ledger.rows, ledger.bytes) == (0, 0, 0))
        #expect(ledger.refused.byReason.reduce(0) { $0 + $1.count } == 3)
        #expect((ledger.refused[.requests], ledger.refused[.rows], ledger.refused[.bytes]) == (1, 1, 1))
    }

    @Test("a single request above the row or byte limit is let in alone", arguments: [101, Int.max])
    func oversized(size: Int) {
        var ledger = ledger(rows: 100, bytes: 100)
        let large = AdmissionDemand(rows: size, bytes: size)
        #expect(ledger.admit(large, now: start) == nil)
        #expect(ledger.admit(AdmissionDemand(rows: 1, bytes: 0), now: start)?.reason == .rows)
        #expect(ledger.admit(AdmissionDemand(rows: 0, bytes: 1), now: start)?.reason == .bytes)
        ledger.release(rows: size, bytes: size, now: start)
        #expect(ledger.admit(AdmissionDemand(bytes: 1), now: start) == nil)
        #expect(ledger.admit(large, now: start)?.reason == .rows)
        #expect(ledger.admit(AdmissionDemand(bytes: size), now: start)?.reason == .bytes)
    }

    @Test("amounts that cannot be added up are refused, and negative ones count as none")
    func extremes() {
        var ledger = ledger(bytes: .max)
        #expect(ledger.admit(AdmissionDemand(rows: .max, bytes: .max), now: start) == nil)
        #expect(ledger.admit(AdmissionDemand(rows: 1, bytes: 0), now: start)?.reason == .rows)
        #expect(ledger.admit(AdmissionDemand(rows: 0, bytes: 1), now: start)?.reason == .bytes)
        #expect(ledger.admit(AdmissionDemand(rows: -5, bytes: .min, tokens: -1), now: start) == nil)
        #expect((ledger.rows, ledger.bytes) == (.max, .max))
    }

    @Test("a limit of none or less admits none", arguments: [0, -1, Int.min])
    func zero(limit: Int) {
        var ledger = ledger(requests: limit)
        #expect(ledger.admit(AdmissionDemand(bytes: 0), now: start)?.reason == .requests)
    }

    @Test("limits that shrink below what is held refuse until enough is gone, and such that grow admit at once")
    func changedLimits() {
        var ledger = ledger(requests: 4)
        for _ in 0..<4 { #expect(ledger.admit(AdmissionDemand(bytes: 1), now: start) == nil) }
        ledger.limits.requests = 2
        for _ in 0..<2 {
            #expect(ledger.admit(AdmissionDemand(bytes: 1), now: start)?.reason == .requests)
            ledger.release(rows: 1, bytes: 1, now: start)
        }
        #expect(ledger.admit(AdmissionDemand(bytes: 1), now: start)?.reason == .requests)
        ledger.limits.requests = 3
        #expect(ledger.admit(AdmissionDemand(bytes: 1), now: start) == nil)
    }

    @Test("refuses a wait longer than the endpoint's limit, and tells when it is short enough")
    func waitLimit() {
        var ledger = ledger(wait: .seconds(2))
        #expect(ledger.admit(AdmissionDemand(bytes: 1, predictedWait: .seconds(2)), now: start) == nil)
        #expect(
            ledger.admit(AdmissionDemand(bytes: 1, predictedWait: .seconds(12)), now: start)
                == .wait(predicted: .seconds(12), limit: .seconds(2), retryAfter: .seconds(10)))
        #expect(
            ledger.admit(AdmissionDemand(bytes: 1, predictedWait: .seconds(900)), now: start)?.retryAfter
                == .seconds(60))
        #expect(
            ledger.admit(AdmissionDemand(bytes: 1, predictedWait: .milliseconds(2001)), now: start)?.retryAfter
                == .seconds(1))
        #expect(ledger.refused[.wait] == 3)
    }

    @Test("refuses a wait past the request's deadline, and a request whose deadline is over")
    func deadline() {
        var ledger = ledger()
        func demand(_ wait: Duration, _ left: Duration) -> AdmissionDemand {
            AdmissionDemand(bytes: 1, predictedWait: wait, deadline: start + left)
        }
        #expect(ledger.admit(demand(.seconds(3), .seconds(3)), now: start) == nil)
        #expect(
            ledger.admit(demand(.seconds(7), .seconds(3)), now: start)
                == .deadline(predicted: .seconds(7), left: .seconds(3), retryAfter: .seconds(4)))
        #expect(ledger.admit(demand(.zero, .zero), now: start) == .expired)
        #expect(ledger.admit(demand(.zero, .seconds(-1)), now: start) == .expired)
        #expect(ledger.refused[.wait] == 3)
    }

    /// Keeps `held` requests of `rows` rows in the ledger while one is done every `interval`.
    private func drain(
        _ ledger: inout AdmissionLedger, held: Int, rows: Int = 1, every interval: Duration, count: Int
    ) -> ContinuousClock.Instant {
        var now = start
        for _ in 0..<held { _ = ledger.admit(AdmissionDemand(rows: rows, bytes: 1), now: now) }
        for _ in 0..<count {
            now += interval
            ledger.release(rows: rows, bytes: 1, now: now)
            _ = ledger.admit(AdmissionDemand(rows: rows, bytes: 1), now: now)
        }
        return now
    }

    @Test(
        "learns how fast requests are done",
        arguments: [(1, 20_000), (20, 1000), (1000, 20), (40_000, 1)] as [(Int, Int)])
    func rate(milliseconds: Int, held: Int) throws {
        var ledger = ledger(requests: held, bytes: held)
        let now = drain(&ledger, held: held, every: .milliseconds(milliseconds), count: 200)
        // All must go before the next one fits.
        ledger.limits.requests = 1
        let time = try #require(ledger.admit(AdmissionDemand(bytes: 1), now: now)?.retryAfter)
        let expected = Duration.milliseconds(milliseconds * held)
        // Right after a release the rate is too high by x / (1 - e^-x), where x is the interval in units of the
        // memory: at most 1/10, as the memory is ten intervals or more, which makes the rate 5.1 % too high.
        #expect(time > expected / 1.06 && time <= expected * 1.001)
    }

    @Test("sends a caller away for as long as a place takes to become free")
    func retryAfterRequests() throws {
        var ledger = ledger(requests: 2)
        let now = drain(&ledger, held: 2, every: .seconds(4), count: 50)
        let time = try #require(ledger.admit(AdmissionDemand(bytes: 1), now: now)?.retryAfter)
        // 4 s between releases; for the 6 % see above.
        #expect(time > .seconds(4 / 1.06) && time <= .seconds(4))
    }

    @Test("counts the requests that must go before many rows fit")
    func retryAfterRows() throws {
        var ledger = ledger(rows: 40, bytes: 10_000)
        let now = drain(&ledger, held: 10, rows: 4, every: .seconds(1), count: 100)
        let one = try #require(ledger.admit(AdmissionDemand(rows: 4, bytes: 1), now: now)?.retryAfter)
        let five = try #require(ledger.admit(AdmissionDemand(rows: 20, bytes: 1), now: now)?.retryAfter)
        let all = try #require(ledger.admit(AdmissionDemand(rows: 4000, bytes: 1), now: now)?.retryAfter)
        #expect(one == .seconds(1))
        // One a second; for the 6 % see above.
        #expect(five > .seconds(5 / 1.06) && five <= .seconds(5))
        #expect(all > .seconds(10 / 1.06) && all <= .seconds(10))
    }

    @Test("a pause without requests does not look like a slow model")
    func pause() throws {
        var ledger = ledger(requests: 1)
        var now = drain(&ledger, held: 1, every: .seconds(4), count: 50)
        now += .seconds(4)
        ledger.release(rows: 1, bytes: 1, now: now)
        now += .seconds(86_400)
        #expect(ledger.admit(AdmissionDemand(bytes: 1), now: now) == nil)
        let time = try #require(ledger.admit(AdmissionDemand(bytes: 1), now: now)?.retryAfter)
        // 4 s between releases; for the 6 % see above.
        #expect(time > .seconds(4 / 1.06) && time <= .seconds(4))
    }

    @Test("a queue that stands still sends callers away for longer and longer, up to a minute")
    func stalled() {
        var ledger = ledger(requests: 1)
        let now = drain(&ledger, held: 1, every: .milliseconds(1), count: 100)
        for (seconds, expected) in [(1, 1), (10, 10), (45, 45), (600, 60)] {
            let refusal = ledger.admit(AdmissionDemand(bytes: 1), now: now + .seconds(seconds))
            #expect(refusal?.retryAfter == .seconds(expected))
        }
    }

    @Test("a clock that goes back counts as standing still, and one that leaps does no harm")
    func clockJumps() throws {
        var ledger = ledger(requests: 1)
        let now = drain(&ledger, held: 1, every: .seconds(4), count: 50)
        let before = try #require(ledger.admit(AdmissionDemand(bytes: 1), now: now)?.retryAfter)
        #expect(ledger.admit(AdmissionDemand(bytes: 1), now: now - .seconds(1000))?.retryAfter == before)
        let far = now + .seconds(1_000_000_000)
        #expect(ledger.admit(AdmissionDemand(bytes: 1), now: far)?.retryAfter == .seconds(60))
        ledger.release(rows: 1, bytes: 1, now: far)
        #expect(ledger.admit(AdmissionDemand(bytes: 1), now: far) == nil)
    }

    @Test("takes an endpoint's limits from its spec and the rest from the defaults")
    func spec() {
        let defaults = AdmissionLimits(requests: 10, rows: 20, bytes: 30, wait: .seconds(4))
        #expect(AdmissionLimits(LimitSpec(), defaults: defaults) == defaults)
        var spec = LimitSpec()
        (spec.requests, spec.rows, spec.bytes, spec.waitMs) = (1, 2, 3, 1.5)
        #expect(
            AdmissionLimits(spec, defaults: defaults)
                == AdmissionLimits(requests: 1, rows: 2, bytes: 3, wait: .microseconds(1500)))
    }

    @Test("a wait limit that is no time sets none that matters", arguments: [Double.nan, .infinity, 1e300])
    func strangeWait(milliseconds: Double) {
        var spec = LimitSpec()
        spec.waitMs = milliseconds
        let limits = AdmissionLimits(spec, defaults: AdmissionLimits(requests: 1, bytes: 1))
        #expect(limits.wait == .seconds(86_400))
    }
}
