// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayServing
import Testing

@Suite("Batch planner under random work")
struct BatchPlannerPropertyTests {
    private typealias Rig = BatchingRig

    /// What the planner must agree with: a plain list of all that was added.
    private struct Model {
        var requests: [UInt64: WaitingRequest<String>] = [:]
        var taken: [UInt64: Int] = [:]
        var gone: Set<UInt64> = []
        /// Expired and taken out, but not told yet.
        var untold: Set<UInt64> = []
        /// The last request of a client and class whose first row was handed out.
        var started: [[Int]: UInt64] = [:]

        var waiting: [WaitingRequest<String>] { requests.values.filter { !gone.contains($0.id) } }

        mutating func expire(_ now: ContinuousClock.Instant) {
            let due = waiting.filter { $0.deadline.map { $0 <= now } ?? false }.map(\.id)
            untold.formUnion(due)
            gone.formUnion(due)
        }

        mutating func check(_ batch: Batch<String>, bound: Int, now: ContinuousClock.Instant) {
            #expect(batch.rows == batch.portions.reduce(0) { $0 + $1.rows.count })
            #expect(batch.rows <= bound || batch.portions.count == 1)
            for portion in batch.portions {
                guard let request = requests[portion.id], !gone.contains(portion.id) else {
                    Issue.record("request \(portion.id) does not wait")
                    continue
                }
                #expect(request.form == batch.form)
                #expect(request.deadline.map { now < $0 } ?? true)
                #expect(portion.rows.lowerBound == taken[portion.id, default: 0] && !portion.rows.isEmpty)
                #expect(portion.isLast == (portion.rows.upperBound == request.rows))
                #expect(portion.isLast || (request.splits && request.rows > bound))
                #expect(portion.rows.count <= bound || !request.splits)
                if portion.rows.lowerBound == 0 {
                    let flow = [request.client, request.priority]
                    #expect(started[flow, default: 0] < portion.id)
                    started[flow] = portion.id
                }
                taken[portion.id] = portion.rows.upperBound
                if portion.isLast { gone.insert(portion.id) }
            }
        }

        func agrees(with planner: PlannerUnderTest) -> Bool {
            let waiting = waiting
            let rows = waiting.reduce(0) { $0 + $1.rows - taken[$1.id, default: 0] }
            return planner.waitingRequests == waiting.count && planner.waitingRows == rows
        }
    }

    private func policy(_ random: inout SplitMix64) -> BatchPolicy {
        var policy = BatchPolicy(maximumRows: Int.random(in: 1...24, using: &random))
        policy.isBatching = Int.random(in: 0..<8, using: &random) > 0
        if Bool.random(using: &random) { policy.preferredRows = [2, 4, 8, 16] }
        if Bool.random(using: &random) { policy.maximumDelay = .milliseconds(20) }
        if Bool.random(using: &random) { policy.latencyTarget = .milliseconds(30) }
        policy.aging = .milliseconds(Int.random(in: 0...50, using: &random))
        return policy
    }

    private func request(_ id: UInt64, now: Int, _ random: inout SplitMix64) -> WaitingRequest<String> {
        let isLarge = Int.random(in: 0..<10, using: &random) == 0
        let expires = Int.random(in: 0..<4, using: &random) == 0
        return WaitingRequest(
            id: id, rows: Int.random(in: 1...(isLarge ? 80 : 6), using: &random),
            client: Int.random(in: 0..<5, using: &random),
            priority: Int.random(in: 0..<3, using: &random), arrivedAt: Rig.at(now),
            deadline: expires ? Rig.at(now + Int.random(in: 0...60, using: &random)) : nil,
            form: ["a", "b", "c"].randomElement(using: &random) ?? "a", splits: Bool.random(using: &random))
    }

    @Test(
        "every row is handed out once, in order, within the bounds, in one form, and nothing expired",
        arguments: UInt64(1)...60)
    func rules(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let policy = policy(&random)
        // Where batching is off no request is cut: the bound is that of any size then.
        let bound = policy.isBatching ? policy.maximumRows : .max
        let planner = PlannerUnderTest(policy, Bool.random(using: &random) ? Rig.flat(upTo: 24) : CostCurve())
        var model = Model()
        var now = 0
        var id: UInt64 = 0
        func pull(lanes: Int) -> Bool {
            model.expire(Rig.at(now))
            guard let batch = planner.batch(at: now, lanes: lanes) else { return false }
            model.check(batch, bound: bound, now: Rig.at(now))
            planner.executed(rows: batch.rows, seconds: 0.001 + 0.000_1 * Double(batch.rows))
            return true
        }
        for _ in 0..<800 {
            switch Int.random(in: 0..<20, using: &random) {
            case 0..<11:
                id += 1
                let request = request(id, now: now, &random)
                model.requests[id] = request
                planner.add(request)
            case 11..<16: _ = pull(lanes: Int.random(in: 1...4, using: &random))
            case 16:
                let victim = UInt64.random(in: 0...id, using: &random)
                let waits = model.requests[victim] != nil && !model.gone.contains(victim)
                #expect(planner.remove(victim) == waits)
                model.gone.insert(victim)
            case 17:
                model.expire(Rig.at(now))
                let expired = planner.takeExpired(at: now)
                #expect(Set(expired) == model.untold && expired.count == model.untold.count)
                model.untold = []
                #expect(model.agrees(with: planner))
            default: now += Int.random(in: 0...5, using: &random)
            }
        }
        now += 1_000
        model.gone.formUnion(planner.takeExpired(at: now))
        while pull(lanes: 2) {}
        #expect(model.agrees(with: planner))
        #expect(model.waiting.isEmpty)
    }

    @Test("keeps its promises with ten thousand waiting", arguments: [1, 3, 5_000])
    func many(clients: Int) {
        let planner = Rig.planner(rows: 32)
        var model = Model()
        for id in UInt64(1)...10_000 {
            let request = Rig.request(id, client: Int(id) % clients, until: id % 2 == 0 ? 5 : nil)
            model.requests[id] = request
            planner.add(request)
        }
        for id in stride(from: UInt64(3), to: 1_000, by: 7) {
            #expect(planner.remove(id))
            model.gone.insert(id)
        }
        for _ in 0..<50 {
            if let batch = planner.batch(at: 1) { model.check(batch, bound: 32, now: Rig.at(1)) }
        }
        #expect(model.agrees(with: planner))
        model.gone.formUnion(planner.takeExpired(at: 5))
        #expect(model.agrees(with: planner))
        while let batch = planner.batch(at: 6) { model.check(batch, bound: 32, now: Rig.at(6)) }
        #expect(model.waiting.isEmpty && planner.waitingRequests == 0)
    }
}
