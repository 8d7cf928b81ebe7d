// SPDX-License-Identifier: Apache-2.0

import SlipwayServing
import Testing

@Suite("Batch planner")
struct BatchPlannerTests {
    private typealias Rig = BatchingRig

    @Test("is idle when nothing waits, and runs what waits at once")
    func workConserving() {
        let planner = Rig.planner(rows: 8)
        #expect(planner.step(at: 0, lanes: 1) == .idle)
        planner.add(Rig.request(1))
        let portion = Portion(id: 1, rows: 0..<1, isLast: true)
        #expect(
            planner.step(at: 0, lanes: 4) == .run(Batch(portions: [portion], rows: 1, form: "a")))
        #expect(planner.step(at: 0, lanes: 1) == .idle)
    }

    @Test("counts what waits")
    func counts() {
        let planner = Rig.planner(rows: 4)
        for id in 1...3 { planner.add(Rig.request(UInt64(id), rows: id)) }
        #expect((planner.waitingRequests, planner.waitingRows) == (3, 6))
        _ = planner.batch()
        #expect((planner.waitingRequests, planner.waitingRows) == (1, 3))
        #expect(planner.remove(3))
        #expect((planner.waitingRequests, planner.waitingRows) == (0, 0))
    }

    @Test("fills a call up to its bound in the order of arrival")
    func filling() {
        let planner = Rig.planner(rows: 4)
        for id in 1...10 { planner.add(Rig.request(UInt64(id))) }
        #expect(planner.drain() == [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10]])
    }

    @Test(
        "divides what waits among the idle lanes", arguments: [(8, 1, 8), (8, 2, 4), (8, 3, 3), (7, 2, 4), (2, 9, 1)])
    func division(waiting: Int, lanes: Int, taken: Int) {
        let planner = Rig.planner(rows: 16)
        for id in 1...waiting { planner.add(Rig.request(UInt64(id))) }
        #expect(planner.batch(lanes: lanes)?.rows == taken)
    }

    @Test("a request that does not fit any more ends the batch and is first in the next")
    func noFit() {
        let planner = Rig.planner(rows: 8)
        for (id, rows) in [(1, 3), (2, 3), (3, 3), (4, 1)] { planner.add(Rig.request(UInt64(id), rows: rows)) }
        #expect(planner.drain() == [[1, 2], [3, 4]])
    }

    @Test("without profit every request runs alone, one of several rows whole")
    func noProfit() {
        let planner = PlannerUnderTest(BatchPolicy(maximumRows: 8), Rig.linear)
        for _ in 0..<3 { planner.executed(rows: 8, seconds: 0.008) }
        for (id, rows) in [(1, 1), (2, 5), (3, 1)] { planner.add(Rig.request(UInt64(id), rows: rows)) }
        #expect(planner.batch()?.portions == [Portion(id: 1, rows: 0..<1, isLast: true)])
        #expect(planner.batch()?.portions == [Portion(id: 2, rows: 0..<5, isLast: true)])
        #expect(planner.batch()?.rows == 1)
    }

    @Test("switched off, every request runs alone and whole")
    func off() {
        var policy = BatchPolicy(maximumRows: 4)
        policy.isBatching = false
        let planner = PlannerUnderTest(policy, Rig.flat(upTo: 4))
        planner.add(Rig.request(1))
        planner.add(Rig.request(2))
        planner.add(Rig.large(3, rows: 100))
        #expect(planner.drain() == [[1], [2], [3]])
    }

    @Test("a request above the bound is cut into consecutive portions, and its last takes others along")
    func splitting() {
        let planner = Rig.planner(rows: 4)
        planner.add(Rig.large(1, rows: 10))
        planner.add(Rig.request(2))
        planner.add(Rig.request(3))
        #expect(planner.batch()?.portions == [Portion(id: 1, rows: 0..<4, isLast: false)])
        #expect(planner.waitingRows == 8)
        #expect(planner.batch()?.portions == [Portion(id: 1, rows: 4..<8, isLast: false)])
        #expect(planner.waitingRequests == 3)
        let last = planner.batch()
        #expect(last?.portions.first == Portion(id: 1, rows: 8..<10, isLast: true))
        #expect(last?.portions.map(\.id) == [1, 2, 3])
    }

    @Test("a cut request is divided among idle lanes, and fills up a batch that others began")
    func splittingOnLanes() {
        let planner = Rig.planner(rows: 8)
        planner.add(Rig.large(1, rows: 12))
        #expect(planner.batch(lanes: 3)?.rows == 4)
        #expect(planner.batch(lanes: 2)?.rows == 4)
        #expect(planner.batch(lanes: 1)?.portions == [Portion(id: 1, rows: 8..<12, isLast: true)])
        planner.add(Rig.request(2, rows: 3))
        planner.add(Rig.large(3, rows: 9))
        #expect(
            planner.batch()?.portions == [
                Portion(id: 2, rows: 0..<3, isLast: true), Portion(id: 3, rows: 0..<5, isLast: false),
            ])
    }

    @Test("what is left of a very large request is not overtaken by its client's next")
    func veryLarge() {
        let planner = Rig.planner(rows: 1 << 19)
        planner.add(Rig.large(1, rows: 1 << 22))
        planner.add(Rig.request(2))
        #expect(planner.drain() == Array(repeating: [1], count: 8) + [[2]])
    }

    @Test("a request above the bound that may not be cut runs whole and alone")
    func unsplittable() {
        let planner = Rig.planner(rows: 4)
        planner.add(Rig.request(1))
        planner.add(Rig.large(2, rows: 10, splits: false))
        planner.add(Rig.request(3))
        #expect(planner.drain() == [[1], [2], [3]])
    }

    @Test("without profit, portions are as large as a call may be")
    func splittingWithoutProfit() {
        let planner = PlannerUnderTest(BatchPolicy(maximumRows: 8), Rig.linear)
        planner.add(Rig.large(1, rows: 20))
        #expect(planner.batch()?.rows == 8)
        #expect(planner.batch(lanes: 4)?.rows == 3)
    }

    @Test("different forms never share a batch, and a client's requests keep their order across forms")
    func forms() {
        let planner = Rig.planner(rows: 8)
        planner.add(Rig.request(1, form: "a", client: 1))
        planner.add(Rig.request(2, form: "b", client: 1))
        planner.add(Rig.request(3, form: "a", client: 1))
        planner.add(Rig.request(4, form: "a", client: 2))
        planner.add(Rig.request(5, form: "b", client: 2))
        #expect(planner.drain() == [[1, 4], [2, 5], [3]])
    }

    @Test("a cancelled request is not handed out, and is removed once", arguments: 1...5)
    func removal(id: UInt64) {
        let planner = Rig.planner(rows: 8)
        for id in 1...5 { planner.add(Rig.request(UInt64(id), client: id % 2)) }
        #expect(planner.remove(id))
        #expect(!planner.remove(id))
        #expect(!planner.remove(77))
        #expect(Set(planner.drain().joined()) == Set(1...5).subtracting([id]))
        #expect(!planner.remove(id == 1 ? 2 : 1))
    }

    @Test("what is left of a cut request can be removed")
    func removalOfRest() {
        let planner = Rig.planner(rows: 4)
        planner.add(Rig.large(1, rows: 10))
        _ = planner.batch()
        #expect(planner.remove(1))
        #expect(planner.step(at: 0, lanes: 1) == .idle)
        #expect(planner.waitingRows == 0)
    }

    @Test("an expired request is told once and never handed out, the others are")
    func expiry() {
        let planner = Rig.planner(rows: 8)
        planner.add(Rig.request(1, until: 30))
        planner.add(Rig.request(2, until: 10))
        planner.add(Rig.request(3))
        planner.add(Rig.request(4, until: 11))
        #expect(planner.takeExpired(at: 9) == [])
        #expect(planner.remove(4))
        #expect(planner.batch(at: 10)?.portions.map(\.id) == [1, 3])
        #expect(planner.takeExpired(at: 10) == [2])
        #expect(planner.takeExpired(at: 100) == [])
    }

    @Test("finds what expires among the deadlines of many that ran long before theirs")
    func manyDeadlines() {
        let planner = Rig.planner(rows: 8)
        for id in UInt64(1)...2_000 {
            planner.add(Rig.request(id, until: 5_000 - Int(id)))
            if id % 100 != 0 { #expect(planner.batch()?.portions.last?.id == id) }
            if id % 100 == 0 { #expect(planner.remove(id)) }
        }
        for id in UInt64(3_001)...3_010 { planner.add(Rig.request(id, until: Int(id))) }
        #expect(planner.takeExpired(at: 3_000) == [])
        #expect(planner.takeExpired(at: 3_004) == [3_001, 3_002, 3_003, 3_004])
        #expect(planner.takeExpired(at: 9_000) == Array(3_005...3_010))
    }

    @Test("what is left of a cut request expires")
    func expiryOfRest() {
        let planner = Rig.planner(rows: 4)
        planner.add(
            WaitingRequest(id: 1, rows: 10, arrivedAt: Rig.at(0), deadline: Rig.at(5), form: "a", splits: true))
        #expect(planner.batch()?.rows == 4)
        #expect(planner.batch(at: 6) == nil)
        #expect(planner.takeExpired(at: 6) == [1])
        #expect((planner.waitingRequests, planner.waitingRows) == (0, 0))
    }

    @Test("values without sense are held, not trapped on")
    func extremes() {
        let planner = PlannerUnderTest(BatchPolicy(maximumRows: -3, preferredRows: [0, -1, 9]))
        planner.add(WaitingRequest(id: 1, rows: -4, priority: .max, arrivedAt: Rig.at(0), form: "a"))
        planner.add(WaitingRequest(id: 2, rows: .max, priority: .min, arrivedAt: Rig.at(0), form: "a", splits: true))
        planner.add(WaitingRequest(id: 3, rows: .max, arrivedAt: Rig.at(0), form: "a"))
        #expect(planner.batch(lanes: -1)?.portions == [Portion(id: 2, rows: 0..<1, isLast: false)])
        #expect(planner.remove(2))
        #expect(planner.batch()?.rows == .max)
        #expect(planner.batch(at: 1_000_000)?.portions == [Portion(id: 1, rows: 0..<1, isLast: true)])
        #expect(planner.waitingRows == 0)
    }
}
