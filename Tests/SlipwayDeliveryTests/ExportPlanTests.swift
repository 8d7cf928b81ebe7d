// SPDX-License-Identifier: Apache-2.0

import SlipwayDelivery
import Testing

@Suite struct ExportPlanTests {
    private let start = ContinuousClock.now

    @Test("a batch is sent, then the next is asked for")
    func sent() {
        var plan = ExportPlan()
        #expect(plan.next(at: start) == .fill)
        plan.filled(with: [1])
        #expect(plan.next(at: start) == .send([1]))
        let isSent = plan.ended(.sent, at: start)
        #expect(isSent)
        #expect(plan.next(at: start) == .fill)
    }

    @Test("a batch is tried again with growing pauses, five times in all")
    func retries() {
        var plan = ExportPlan()
        var now = start
        plan.filled(with: [1])
        for pause in [1, 2, 4, 8] {
            #expect(plan.next(at: now) == .send([1]))
            let isOver = plan.ended(.tryAgain, at: now)
            #expect(!isOver)
            #expect(plan.next(at: now + .milliseconds(pause * 1000 - 1)) == .wait)
            now += .seconds(pause)
        }
        #expect(plan.next(at: now) == .send([1]))
        let isOver = plan.ended(.tryAgain, at: now)
        #expect(isOver)
        #expect(plan.next(at: now + .seconds(15)) == .wait)
        #expect(plan.next(at: now + .seconds(16)) == .fill)
    }

    @Test("what is refused is given up at once")
    func refused() {
        var plan = ExportPlan()
        plan.filled(with: [1])
        let isOver = plan.ended(.refused, at: start)
        #expect(isOver)
        #expect(plan.next(at: start) == .fill)
    }

    @Test(
        "the status says whether it may be tried again",
        arguments: [(200, .sent), (204, .sent), (400, .refused), (404, .refused), (429, .tryAgain), (500, .refused)]
            + [(502, .tryAgain), (503, .tryAgain), (504, .tryAgain)] as [(Int, ExportPlan.Outcome)])
    func status(code: Int, outcome: ExportPlan.Outcome) {
        #expect(ExportPlan.outcome(ofStatus: code) == outcome)
    }
}
