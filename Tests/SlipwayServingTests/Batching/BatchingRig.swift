// SPDX-License-Identifier: Apache-2.0

import SlipwayServing

/// Short words for the tests of batching.
enum BatchingRig {
    typealias Request = WaitingRequest<String>

    /// The instant 0 of a test; all others are offsets from it.
    static let start = ContinuousClock.now

    static func at(_ milliseconds: Int) -> ContinuousClock.Instant { start + .milliseconds(milliseconds) }

    /// A planner that puts up to `rows` rows in a call, for it knows a model that gains by every one.
    static func planner(
        rows: Int, preferred: [Int] = [], delay: Int = 0, target: Int? = nil, aging: Int = 500
    ) -> PlannerUnderTest {
        var policy = BatchPolicy(
            maximumRows: rows, preferredRows: preferred, maximumDelay: .milliseconds(delay),
            latencyTarget: target.map { .milliseconds($0) })
        policy.aging = .milliseconds(aging)
        return PlannerUnderTest(policy, flat(upTo: rows))
    }

    /// A model whose calls take 1 ms whatever their size: the largest call is the best.
    static func flat(upTo rows: Int) -> CostCurve {
        CostCurve(measurements: [(1, 0.001), (max(1, rows), 0.001)])
    }

    /// A model whose calls take 1 ms per row.
    static let linear = CostCurve(measurements: [(1, 0.001), (2, 0.002), (4, 0.004), (8, 0.008)])

    static func request(
        _ id: UInt64, rows: Int = 1, client: Int = 0, priority: Int = 0, at: Int = 0, until: Int? = nil
    ) -> Request {
        Request(
            id: id, rows: rows, client: client, priority: priority, arrivedAt: Self.at(at),
            deadline: until.map { Self.at($0) }, form: "a")
    }

    static func request(_ id: UInt64, form: String, client: Int = 0, rows: Int = 1) -> Request {
        Request(id: id, rows: rows, client: client, arrivedAt: start, form: form)
    }

    static func large(_ id: UInt64, rows: Int, client: Int = 0, splits: Bool = true) -> Request {
        Request(id: id, rows: rows, client: client, arrivedAt: start, form: "a", splits: splits)
    }
}

/// A planner behind a reference, so that expectations may call what changes it.
final class PlannerUnderTest {
    private(set) var planner: BatchPlanner<String>

    init(_ planner: BatchPlanner<String>) { self.planner = planner }

    convenience init(_ policy: BatchPolicy, _ curve: CostCurve = CostCurve()) {
        self.init(BatchPlanner(policy: policy, curve: curve))
    }

    var waitingRequests: Int { planner.waitingRequests }
    var waitingRows: Int { planner.waitingRows }
    var explanation: BatchExplanation { planner.explanation }

    func add(_ request: WaitingRequest<String>) { planner.add(request) }
    func remove(_ id: UInt64) -> Bool { planner.remove(id) }
    func step(at milliseconds: Int = 0, lanes: Int = 1) -> BatchStep<String> {
        planner.next(now: BatchingRig.at(milliseconds), idleLanes: lanes)
    }
    func takeExpired(at milliseconds: Int) -> [UInt64] { planner.takeExpired(now: BatchingRig.at(milliseconds)) }
    func executed(rows: Int, seconds: Double) { planner.executed(rows: rows, duration: .seconds(seconds)) }
    func predictedWait(lanes: Int, busy: Int) -> Duration { planner.predictedWait(lanes: lanes, busy: busy) }

    /// The batch an idle lane gets; `nil` when it is to wait or idle.
    func batch(at milliseconds: Int = 0, lanes: Int = 1) -> Batch<String>? {
        guard case .run(let batch) = step(at: milliseconds, lanes: lanes) else { return nil }
        return batch
    }

    /// The requests of each batch until nothing is handed out any more.
    func drain(at milliseconds: Int = 0, lanes: Int = 1) -> [[UInt64]] {
        var result: [[UInt64]] = []
        while let batch = batch(at: milliseconds, lanes: lanes) { result.append(batch.portions.map(\.id)) }
        return result
    }
}
