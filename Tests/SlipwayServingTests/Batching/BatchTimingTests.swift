// SPDX-License-Identifier: Apache-2.0

import SlipwayServing
import Testing

@Suite("Batch planner: delays, targets and forecasts")
struct BatchTimingTests {
    private typealias Rig = BatchingRig

    @Test("a delay set by hand holds requests until enough wait")
    func delay() {
        let planner = Rig.planner(rows: 16, preferred: [4, 8], delay: 10)
        planner.add(Rig.request(1, at: 0))
        planner.add(Rig.request(2, at: 5))
        #expect(planner.step(at: 5, lanes: 2) == .wait(until: Rig.at(10)))
        planner.add(Rig.request(3, at: 6))
        planner.add(Rig.request(4, at: 7))
        #expect(planner.batch(at: 7)?.rows == 4)
    }

    @Test("when the delay is over, it takes what there is")
    func delayOver() {
        let planner = Rig.planner(rows: 16, preferred: [4, 8], delay: 10)
        for id in 1...3 { planner.add(Rig.request(UInt64(id), client: id, at: 4 - id)) }
        #expect(planner.step(at: 10, lanes: 1) == .wait(until: Rig.at(11)))
        #expect(planner.batch(at: 11)?.rows == 3)
    }

    @Test("without preferred sizes a delay waits for the chosen size")
    func delayForChosen() {
        let planner = Rig.planner(rows: 3, delay: 10)
        planner.add(Rig.request(1))
        planner.add(Rig.request(2))
        #expect(planner.step(at: 1, lanes: 1) == .wait(until: Rig.at(10)))
        planner.add(Rig.request(3))
        #expect(planner.batch(at: 1)?.rows == 3)
    }

    @Test("a delay neither lets a request expire nor miss the latency target")
    func delayIsBounded() {
        // A call takes 1 ms, and before a deadline there is a margin of as much again.
        let planner = Rig.planner(rows: 4, delay: 100)
        planner.add(Rig.request(1, until: 22))
        #expect(planner.step(at: 0, lanes: 1) == .wait(until: Rig.at(20)))
        #expect(planner.batch(at: 20)?.rows == 1)
        let targeted = Rig.planner(rows: 4, delay: 100, target: 31)
        targeted.add(Rig.request(1))
        #expect(targeted.step(at: 0, lanes: 1) == .wait(until: Rig.at(30)))
        #expect(targeted.batch(at: 30)?.rows == 1)
    }

    @Test("a model that does not profit never waits for company, without preferred sizes")
    func delayWithoutProfit() {
        var policy = BatchPolicy(maximumRows: 8)
        policy.maximumDelay = .milliseconds(10)
        let planner = PlannerUnderTest(policy, Rig.linear)
        planner.add(Rig.request(1))
        #expect(planner.batch()?.rows == 1)
    }

    @Test(
        "a batch is cut to the largest preferred size that is filled",
        arguments: [(3, 3), (4, 4), (7, 4), (8, 8), (20, 8)])
    func preferred(waiting: Int, taken: Int) {
        let planner = Rig.planner(rows: 16, preferred: [4, 8])
        for id in 1...waiting { planner.add(Rig.request(UInt64(id))) }
        #expect(planner.batch()?.rows == taken)
        #expect(planner.waitingRows == waiting - taken)
    }

    /// 1 ms and 1 ms more per row; the target is 10 ms.
    @Test(
        "a batch is small enough for its oldest request to meet the target",
        arguments: [(0, 8), (1, 8), (2, 7), (4, 5), (7, 2), (8, 1)])
    func target(waited: Int, taken: Int) {
        // Two sizes decide the line; rows × 1.000001 leave room for rounding at the whole milliseconds.
        let curve = CostCurve(measurements: [(1, 0.002 / 1.000_001), (8, 0.009 / 1.000_001)])
        let planner = PlannerUnderTest(BatchPolicy(maximumRows: 8, latencyTarget: .milliseconds(10)), curve)
        for id in 1...20 { planner.add(Rig.request(UInt64(id))) }
        #expect(planner.batch(at: waited)?.rows == taken)
    }

    @Test("the oldest request of a batch decides, also when it is not its first")
    func oldestInBatch() {
        let curve = CostCurve(measurements: [(1, 0.002 / 1.000_001), (8, 0.009 / 1.000_001)])
        let planner = PlannerUnderTest(BatchPolicy(maximumRows: 8, latencyTarget: .milliseconds(10)), curve)
        for id in 1...4 { planner.add(Rig.request(UInt64(id), client: 1, at: 0)) }
        // A second client's first request goes before the first client's second.
        for id in 5...9 { planner.add(Rig.request(UInt64(id), client: id, at: 6)) }
        #expect(planner.remove(1))
        #expect(planner.batch(at: 6)?.portions.map(\.id) == [5, 6, 7, 8, 9])
    }

    @Test("a request that is late anyway does not make batches small")
    func late() {
        let planner = Rig.planner(rows: 8, target: 10)
        for id in 1...20 { planner.add(Rig.request(UInt64(id))) }
        #expect(planner.batch(at: 11)?.rows == 8)
    }

    @Test("a request with more rows than the target allows runs whole")
    func targetAndLargeRequest() {
        let planner = PlannerUnderTest(BatchPolicy(maximumRows: 8, latencyTarget: .milliseconds(3)), Rig.linear)
        planner.add(Rig.request(1, rows: 6))
        planner.add(Rig.request(2))
        #expect(planner.batch()?.portions == [Portion(id: 1, rows: 0..<6, isLast: true)])
    }

    @Test("now and then a call may have twice the chosen size")
    func trial() {
        let planner = PlannerUnderTest(BatchPolicy(maximumRows: 8), Rig.linear)
        for _ in 0..<3 { planner.executed(rows: 8, seconds: 0.008) }
        var sizes: [Int] = []
        var id: UInt64 = 0
        while sizes.count < 3_000 {
            while planner.waitingRequests < 4 {
                id += 1
                planner.add(Rig.request(id))
            }
            sizes.append(planner.batch()?.rows ?? 0)
        }
        #expect(sizes.indices.filter { sizes[$0] == 2 } == [999, 1_999, 2_999])
        #expect(sizes.filter { $0 == 1 }.count == 2_997)
    }

    @Test("a model that begins to profit is noticed, and one that ceases to")
    func changes() {
        let planner = PlannerUnderTest(BatchPolicy(maximumRows: 32))
        var id: UInt64 = 0
        func run(_ calls: Int, seconds: (Int) -> Double) {
            for _ in 0..<calls {
                while planner.waitingRequests < 64 {
                    id += 1
                    planner.add(Rig.request(id))
                }
                let rows = planner.batch()?.rows ?? 0
                planner.executed(rows: rows, seconds: seconds(rows))
            }
        }
        run(500) { 0.001 * Double($0) }
        #expect(planner.explanation.chosenRows == 1)
        run(20_000) { _ in 0.001 }
        #expect(planner.explanation.chosenRows == 32)
        run(20_000) { 0.001 * Double($0) }
        // Rates are equal now; the estimates may differ by the little that smoothing leaves.
        #expect(planner.explanation.chosenRows < 32)
    }

    @Test("predicts no wait before it learned, nor with a free lane and an empty queue")
    func noWait() {
        let planner = PlannerUnderTest(BatchPolicy(maximumRows: 8))
        planner.add(Rig.request(1))
        #expect(planner.predictedWait(lanes: 1, busy: 1) == .zero)
        #expect(Rig.planner(rows: 8).predictedWait(lanes: 2, busy: 1) == .zero)
    }

    /// Calls of up to 8 rows take 1 ms: 125 µs per row, and half or a third of a call until a lane is free.
    @Test("predicts the rows ahead at the learned rate and the rest of what runs")
    func wait() {
        func near(_ value: Duration, _ microseconds: Int) -> Bool {
            // Doubles hold a microsecond far more finely than this.
            abs((value - .microseconds(microseconds)) / .nanoseconds(1)) < 10
        }
        let planner = Rig.planner(rows: 8)
        #expect(near(planner.predictedWait(lanes: 1, busy: 1), 500))
        for id in 1...8 { planner.add(Rig.request(UInt64(id), rows: 2)) }
        #expect(near(planner.predictedWait(lanes: 1, busy: 1), 2_500))
        #expect(near(planner.predictedWait(lanes: 4, busy: 4), 700))
        #expect(near(planner.predictedWait(lanes: 2, busy: 1), 1_000))
    }

    @Test("says why calls have the size they have")
    func explanation() {
        func reason(_ policy: BatchPolicy, _ curve: CostCurve = CostCurve()) -> String {
            PlannerUnderTest(policy, curve).explanation.reason
        }
        var off = BatchPolicy(maximumRows: 8)
        off.isBatching = false
        #expect(reason(off) == "batching is off: every request runs alone")
        #expect(reason(BatchPolicy(maximumRows: 1)) == "a call takes one row at most")
        #expect(
            reason(BatchPolicy(maximumRows: 9, preferredRows: [4, 8])) == "preferred sizes set by hand: 4, 8")
        let policy = BatchPolicy(maximumRows: 8)
        #expect(reason(policy) == "no call was measured yet")
        #expect(
            reason(policy, CostCurve(measurements: [(1, 0.001), (8, 0.0079)]))
                == "no profit from batching: 8 rows take 7.9 times as long as 1")
        #expect(
            reason(policy, CostCurve(measurements: [(1, 0.001), (8, 0.002)]))
                == "the smallest size within 5 % of the best rate: 8 rows take 2.0 times as long as 1")
        let growing = PlannerUnderTest(
            policy, CostCurve(measurements: [(1, 0.001), (4, 0.002)])
        ).explanation
        #expect(growing.reason == "larger calls are still being tried: 4 rows take 2.0 times as long as 1")
        #expect(growing.chosenRows == 8)
    }
}
