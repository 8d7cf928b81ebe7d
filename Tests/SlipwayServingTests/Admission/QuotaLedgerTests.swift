// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayServing
import Testing

@Suite("Quotas")
struct QuotaLedgerTests {
    private typealias Quota = LimitSpec.Quota
    private let start = ContinuousClock.now

    private func ledger(_ quota: LimitSpec.Quota?, client: LimitSpec.Quota? = nil, most: Int = 10) -> QuotaLedger {
        QuotaLedger(quota: quota, clientQuota: client, maximumClients: most, now: start)
    }

    @Test("without quotas nothing is refused", arguments: [nil, Quota()])
    func unlimited(quota: LimitSpec.Quota?) {
        var ledger = ledger(quota, client: quota)
        for _ in 0..<1000 { #expect(ledger.take(client: "a", rows: .max, tokens: .max, now: start) == nil) }
    }

    @Test("refuses the unit that is spent, with the time until it is refilled", arguments: QuotaUnit.allCases)
    func units(unit: QuotaUnit) {
        let quota = Quota(
            requestsPerMinute: unit == .requests ? 6 : 1000, rowsPerMinute: unit == .rows ? 12 : 1000,
            tokensPerMinute: unit == .tokens ? 18 : 1000)
        var ledger = ledger(quota)
        for _ in 0..<6 { #expect(ledger.take(client: "a", rows: 2, tokens: 3, now: start) == nil) }
        let refusal = ledger.take(client: "a", rows: 2, tokens: 3, now: start)
        #expect(refusal?.unit == unit)
        #expect(refusal?.scope == .endpoint)
        #expect(refusal?.retryAfter == .seconds(10))
        #expect(ledger.take(client: "a", rows: 2, tokens: 3, now: start + .seconds(10)) == nil)
    }

    @Test("takes from every quota or from none")
    func allOrNone() {
        var ledger = ledger(Quota(requestsPerMinute: 2, rowsPerMinute: 100), client: Quota(tokensPerMinute: 10))
        #expect(ledger.take(client: "a", rows: 1, tokens: 10, now: start) == nil)
        for _ in 0..<50 { #expect(ledger.take(client: "a", rows: 1, tokens: 1, now: start)?.unit == .tokens) }
        #expect(ledger.take(client: "b", rows: 99, tokens: 1, now: start) == nil)
        #expect(ledger.take(client: "b", rows: 0, tokens: 9, now: start)?.unit == .requests)
        #expect(ledger.take(client: "b", rows: 0, tokens: 9, now: start + .seconds(30)) == nil)
    }

    @Test("tells of the quota that lasts longest, so that nobody comes back too early")
    func longest() {
        var ledger = ledger(Quota(requestsPerMinute: 60), client: Quota(requestsPerMinute: 6))
        for _ in 0..<6 { #expect(ledger.take(client: "a", rows: 1, tokens: 0, now: start) == nil) }
        let own = ledger.take(client: "a", rows: 1, tokens: 0, now: start)
        #expect(own?.scope == .client && own?.retryAfter == .seconds(10))
        for n in 0..<54 { #expect(ledger.take(client: "c\(n % 9)", rows: 1, tokens: 0, now: start) == nil) }
        let both = ledger.take(client: "a", rows: 1, tokens: 0, now: start)
        #expect(both?.scope == .client && both?.retryAfter == .seconds(10))
        let other = ledger.take(client: "new", rows: 1, tokens: 0, now: start)
        #expect(other?.scope == .endpoint && other?.retryAfter == .seconds(1))
    }

    @Test("a request larger than a whole quota is told so, and is given no time to come back")
    func tooLarge() {
        var ledger = ledger(Quota(requestsPerMinute: 1), client: Quota(rowsPerMinute: 10))
        #expect(ledger.take(client: "a", rows: 1, tokens: 0, now: start) == nil)
        let refusal = ledger.take(client: "b", rows: 11, tokens: 0, now: start)
        #expect(refusal?.unit == .rows && refusal?.asked == 11 && refusal?.perMinute == 10)
        #expect(refusal != nil && refusal?.retryAfter == nil)
    }

    @Test("clients do not spend one another's quota")
    func clients() {
        var ledger = ledger(nil, client: Quota(requestsPerMinute: 1))
        for name in ["a", "b", "c"] {
            #expect(ledger.take(client: name, rows: 1, tokens: 0, now: start) == nil)
            #expect(ledger.take(client: name, rows: 1, tokens: 0, now: start)?.scope == .client)
        }
    }

    @Test("when all buckets are in use new clients share one, and full ones make room")
    func bounded() {
        var ledger = ledger(nil, client: Quota(requestsPerMinute: 2), most: 3)
        for name in ["a", "b", "c", "d", "e"] {
            #expect(ledger.take(client: name, rows: 1, tokens: 0, now: start) == nil)
        }
        // d and e have used up what they share; a has one more of its own.
        #expect(ledger.take(client: "f", rows: 1, tokens: 0, now: start)?.retryAfter == .seconds(30))
        #expect(ledger.take(client: "a", rows: 1, tokens: 0, now: start) == nil)
        // After 30 s b and c are full and are forgotten; a is not, and stays what it was.
        let later = start + .seconds(30)
        #expect(ledger.take(client: "f", rows: 1, tokens: 0, now: later) == nil)
        // The shared one has only one by now: f has its own.
        #expect(ledger.take(client: "f", rows: 1, tokens: 0, now: later) == nil)
        #expect(ledger.take(client: "a", rows: 1, tokens: 0, now: later) == nil)
        #expect(ledger.take(client: "a", rows: 1, tokens: 0, now: later)?.retryAfter == .seconds(30))
    }

    @Test("looks for buckets to forget at most once a second")
    func sweeps() {
        var ledger = ledger(nil, client: Quota(requestsPerMinute: 6000), most: 1)
        #expect(ledger.take(client: "a", rows: 1, tokens: 0, now: start) == nil)
        #expect(ledger.take(client: "b", rows: 1, tokens: 0, now: start) == nil)
        // 10 ms refill a, but the last search was at the start: b and all others still share what is left.
        let soon = start + .milliseconds(999)
        for _ in 0..<6000 { #expect(ledger.take(client: "b", rows: 1, tokens: 0, now: soon) == nil) }
        #expect(ledger.take(client: "c", rows: 1, tokens: 0, now: soon)?.scope == .client)
        // A second after the first search a is forgotten, and c gets its place.
        let later = start + .seconds(1)
        for _ in 0..<6000 { #expect(ledger.take(client: "c", rows: 1, tokens: 0, now: later) == nil) }
    }

    @Test("never remembers more clients than it may: all others share one quota", arguments: [0, 1, 50])
    func memory(most: Int) {
        var ledger = ledger(nil, client: Quota(requestsPerMinute: 1), most: most)
        let accepted = (0..<500).filter { ledger.take(client: "\($0)", rows: 1, tokens: 0, now: start) == nil }
        #expect(accepted == Array(0...most))
    }

    @Test("a client that has only been refused is not remembered")
    func refusedStrangers() {
        var ledger = ledger(nil, client: Quota(rowsPerMinute: 1), most: 2)
        for n in 0..<100 { #expect(ledger.take(client: "\(n)", rows: 2, tokens: 0, now: start) != nil) }
        // Two have places of their own, the third has what the others share.
        for name in ["a", "b", "c"] { #expect(ledger.take(client: name, rows: 1, tokens: 0, now: start) == nil) }
        #expect(ledger.take(client: "d", rows: 1, tokens: 0, now: start) != nil)
    }

    @Test("changed quotas hold at once, and what has been taken stays taken")
    func update() {
        var ledger = ledger(Quota(requestsPerMinute: 4), client: Quota(requestsPerMinute: 2))
        #expect(ledger.take(client: "a", rows: 1, tokens: 0, now: start) == nil)
        #expect(ledger.take(client: "a", rows: 1, tokens: 0, now: start) == nil)
        ledger.update(
            quota: Quota(requestsPerMinute: 8, rowsPerMinute: 5), clientQuota: Quota(requestsPerMinute: 4), now: start)
        // The client's bucket is still empty; that of all is still half full.
        #expect(ledger.take(client: "a", rows: 1, tokens: 0, now: start)?.retryAfter == .seconds(15))
        for _ in 0..<4 { #expect(ledger.take(client: "b", rows: 1, tokens: 0, now: start) == nil) }
        #expect(ledger.take(client: "c", rows: 1, tokens: 0, now: start)?.scope == .endpoint)
        ledger.update(quota: nil, clientQuota: nil, now: start)
        #expect(ledger.take(client: "a", rows: 100, tokens: 0, now: start) == nil)
    }

    @Test("clock jumps neither give nor take anything")
    func clockJump() {
        var ledger = ledger(Quota(requestsPerMinute: 6), client: Quota(requestsPerMinute: 6))
        for _ in 0..<6 { #expect(ledger.take(client: "a", rows: 1, tokens: 0, now: start) == nil) }
        let before = ledger
        #expect(ledger.take(client: "a", rows: 1, tokens: 0, now: start - .seconds(500))?.retryAfter == .seconds(10))
        #expect(ledger == before)
        #expect(ledger.take(client: "a", rows: 1, tokens: 0, now: start + .seconds(1_000_000)) == nil)
        #expect(ledger.take(client: "a", rows: 1, tokens: 0, now: start + .seconds(10)) == nil)
    }
}
