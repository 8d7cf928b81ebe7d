// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayServing
import Testing

@Suite("Core ledger")
struct CoreLedgerTests {
    private typealias Ledger = CoreLedger<String>

    @Test("grants at once what is free, and the rest when it is given back")
    func basics() {
        var ledger = Ledger(cores: 2)
        #expect(ledger.request(1, cores: 1, urgency: .normal, waiter: "a") == true)
        #expect(ledger.request(2, cores: 1, urgency: .normal, waiter: "b") == true)
        #expect(ledger.request(3, cores: 1, urgency: .normal, waiter: "c") == false)
        #expect(ledger.snapshot == CoreSnapshot(cores: 2, inUse: 2, waiting: 1, waitingInBackground: 0))
        #expect(ledger.release(cores: 1) == ["c"])
        #expect(ledger.release(cores: 1) == [] && ledger.release(cores: 1) == [])
        #expect(ledger.snapshot == CoreSnapshot(cores: 2, inUse: 0, waiting: 0, waitingInBackground: 0))
    }

    @Test("there is always a core", arguments: [Int.min, -1, 0, 1])
    func atLeastOne(cores: Int) {
        var ledger = Ledger(cores: cores)
        #expect(ledger.cores == 1)
        #expect(ledger.request(1, cores: 1, urgency: .normal, waiter: "") == true)
    }

    @Test("a demand for more than there is counts as all, one for less than one as one")
    func clamped() {
        var ledger = Ledger(cores: 4)
        #expect(ledger.request(1, cores: .max, urgency: .normal, waiter: "all") == true)
        #expect(ledger.snapshot.inUse == 4)
        _ = ledger.release(cores: .max)
        #expect(ledger.request(1, cores: .min, urgency: .normal, waiter: "one") == true)
        #expect(ledger.snapshot.inUse == 1)
        _ = ledger.release(cores: .min)
        #expect(ledger.snapshot.inUse == 0)
    }

    @Test("owners take turns, however many demands one of them has")
    func turns() {
        var ledger = Ledger(cores: 1)
        #expect(ledger.request(9, cores: 1, urgency: .normal, waiter: "first") == true)
        for n in 1...3 { #expect(ledger.request(1, cores: 1, urgency: .normal, waiter: "a\(n)") == false) }
        for n in 1...2 { #expect(ledger.request(2, cores: 1, urgency: .normal, waiter: "b\(n)") == false) }
        #expect(ledger.request(3, cores: 1, urgency: .normal, waiter: "c1") == false)
        let order = (1...6).flatMap { _ in ledger.release(cores: 1) }
        #expect(order == ["a1", "b1", "c1", "a2", "b2", "a3"])
    }

    @Test("a large demand whose turn it is is not starved by small ones")
    func large() {
        var ledger = Ledger(cores: 4)
        for _ in 0..<4 { #expect(ledger.request(1, cores: 1, urgency: .normal, waiter: "") == true) }
        #expect(ledger.request(2, cores: 4, urgency: .normal, waiter: "large") == false)
        for n in 0..<3 {
            #expect(ledger.release(cores: 1) == [])
            #expect(ledger.request(1, cores: 1, urgency: .normal, waiter: "small\(n)") == false)
            #expect(ledger.request(3, cores: 1, urgency: .background, waiter: "back\(n)") == false)
        }
        #expect(ledger.release(cores: 1) == ["large"])
        #expect(ledger.release(cores: 4) == ["small0", "small1", "small2", "back0"])
    }

    @Test("background work uses idle cores, and waits while anybody else does")
    func background() {
        var ledger = Ledger(cores: 2)
        #expect(ledger.request(1, cores: 1, urgency: .background, waiter: "back") == true)
        #expect(ledger.request(2, cores: 1, urgency: .normal, waiter: "normal") == true)
        #expect(ledger.request(1, cores: 1, urgency: .background, waiter: "back1") == false)
        #expect(ledger.request(2, cores: 1, urgency: .normal, waiter: "normal1") == false)
        #expect(ledger.request(3, cores: 1, urgency: .normal, waiter: "normal2") == false)
        #expect(ledger.snapshot == CoreSnapshot(cores: 2, inUse: 2, waiting: 2, waitingInBackground: 1))
        #expect(ledger.release(cores: 2) == ["normal1", "normal2"])
        #expect(ledger.release(cores: 1) == ["back1"])
    }

    @Test("a request is let past background work that waits for many cores")
    func pastBackground() {
        var ledger = Ledger(cores: 2)
        #expect(ledger.request(1, cores: 1, urgency: .normal, waiter: "a") == true)
        #expect(ledger.request(2, cores: 2, urgency: .background, waiter: "back") == false)
        #expect(ledger.request(3, cores: 1, urgency: .background, waiter: "later") == false)
        #expect(ledger.request(1, cores: 1, urgency: .normal, waiter: "b") == true)
        #expect(ledger.release(cores: 1) == [])
        #expect(ledger.release(cores: 1) == ["back"])
        #expect(ledger.release(cores: 2) == ["later"])
    }

    @Test("an owner's background demands move to the end of the others, in their order")
    func promote() {
        var ledger = Ledger(cores: 1)
        #expect(ledger.request(9, cores: 1, urgency: .normal, waiter: "") == true)
        #expect(ledger.request(1, cores: 1, urgency: .background, waiter: "one") == false)
        #expect(ledger.request(1, cores: 1, urgency: .background, waiter: "two") == false)
        #expect(ledger.request(2, cores: 1, urgency: .normal, waiter: "first") == false)
        #expect(ledger.promote(1) == [])
        #expect(ledger.snapshot == CoreSnapshot(cores: 1, inUse: 1, waiting: 3, waitingInBackground: 0))
        #expect((0..<3).flatMap { _ in ledger.release(cores: 1) } == ["first", "one", "two"])
        #expect(ledger.promote(7) == [])
    }

    @Test("never hands out more than there is, loses nobody and lets nothing idle", arguments: 1...10)
    func invariants(seed: Int) throws {
        var random = SplitMix64(seed: UInt64(seed))
        let cores = Int.random(in: 1...6, using: &random)
        var ledger = CoreLedger<Int>(cores: cores)
        var held: [Int] = []
        var waiting: [Int: Int] = [:]
        func accept(_ granted: [Int]) throws {
            for id in granted {
                let cores = waiting.removeValue(forKey: id)
                held.append(try #require(cores))
            }
        }
        for id in 0..<1000 {
            if Bool.random(using: &random), !held.isEmpty {
                try accept(ledger.release(cores: held.remove(at: Int.random(in: 0..<held.count, using: &random))))
            } else {
                let wanted = Int.random(in: 1...cores, using: &random)
                let owner = Int.random(in: 0..<4, using: &random)
                let urgency: CoreUrgency = Int.random(in: 0..<4, using: &random) == 0 ? .background : .normal
                if ledger.request(owner, cores: wanted, urgency: urgency, waiter: id) {
                    held.append(wanted)
                } else {
                    waiting[id] = wanted
                }
            }
            let used = held.reduce(0, +)
            #expect(used <= cores && ledger.snapshot.inUse == used)
            #expect(ledger.snapshot.waiting + ledger.snapshot.waitingInBackground == waiting.count)
            #expect(used > 0 || waiting.isEmpty)
        }
        while !held.isEmpty { try accept(ledger.release(cores: held.removeFirst())) }
        #expect(waiting.isEmpty && ledger.snapshot.inUse == 0)
    }

    @Test("owners with the same demand get the same number of turns")
    func fairness() {
        var ledger = CoreLedger<Int>(cores: 1)
        var turns = [0, 0, 0]
        #expect(ledger.request(9, cores: 1, urgency: .normal, waiter: 9) == true)
        for owner in 0..<3 {
            for _ in 0..<(owner == 0 ? 50 : 2) {
                #expect(ledger.request(owner, cores: 1, urgency: .normal, waiter: owner) == false)
            }
        }
        // Everybody who is served asks again: the length of the line makes no difference.
        for _ in 0..<300 {
            for owner in ledger.release(cores: 1) {
                turns[owner] += 1
                #expect(ledger.request(owner, cores: 1, urgency: .normal, waiter: owner) == false)
            }
        }
        #expect(turns == [100, 100, 100])
    }
}
