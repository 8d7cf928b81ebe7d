// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayMonitoring
import SlipwayNumerics

/// What one request costs the monitors, and what a window holds: 30 features, two scores, one row in each request.
enum MonitorCost {
    private static let features = 30
    private static let requests = 20_000
    private static let rounds = 9
    private static let version = VersionID(model: "tabular", number: 1)

    static func run() throws {
        var random = SplitMix64(seed: 7)
        var builder = ProfileBuilder()
        for _ in 0..<20_000 {
            let (inputs, outputs) = try row(&random)
            try builder.add(inputs: inputs, outputs: outputs)
        }
        let book = MonitorBook(replica: "measured")
        let profile = try builder.finish(at: Timestamp(milliseconds: 0))
        book.configure(endpoint: "e", spec: MonitoringSpec(), versions: [version], profiles: [version: profile])
        let predictions = try (0..<requests).map { try prediction($0, &random) }
        let batches = batched(predictions)
        print("| | median | least | most |", "|---|---|---|---|", separator: "\n")
        show("one request, counted, ns", per: requests) {
            for batch in batches { batch.withPredictions { book.add($0, of: "e") } }
        }
        let join = try LabelJoin(
            endpoint: "e", spec: MonitoringSpec(), profile: profile, journal: MemoryLabelJournal(),
            now: Timestamp(milliseconds: 0))
        try join.configure(spec: MonitoringSpec(), profiles: [version: profile])
        // As it is after some hours: the byte budget is full, and each prediction drives an old one out.
        var asked = 0
        func again() -> [PredictionBatch] {
            asked += 1
            let salt = "\(asked)-\(asked * 7919 % 104_729)"
            return batched(predictions.map { $0.renamed("\(salt)-\($0.requestID ?? "")") })
        }
        while join.counts.evicted < requests { for batch in again() { batch.withPredictions { join.expect($0) } } }
        let turns = (0...rounds).map { _ in again() }
        var turn = 0
        show("one request, kept for its label, ns", per: requests) {
            for batch in turns[turn] { batch.withPredictions { join.expect($0) } }
            turn += 1
        }
        let queue = PredictionQueue()
        show("one request, through the queue, ns", per: requests) {
            for prediction in predictions { queue.offer(prediction) }
            while let batch = queue.take() { queue.finish(batch) }
        }
        let end = InferenceObservation(
            requestID: "r", endpoint: "e", version: 1, route: .primary, outcome: .success, rows: 1, batchSize: 1,
            inputBytes: 120, outputBytes: 8, timings: InferenceTimings(), total: .milliseconds(2))
        show("one request's end, on its own thread, ns", per: requests) { for _ in 0..<requests { book.add(end) } }
        var time: Int64 = 10_000_000
        show("a report, computed anew, ns", per: 1) {
            time += 2000
            _ = book.report(at: Timestamp(milliseconds: time))
        }
        let windows = book.windows(changedSince: nil)
        let bytes = windows.map(\.data.count).reduce(0, +)
        print(
            "\n\(windows.count) parts of the window hold \(bytes) bytes for \(features + 2) columns as they are kept:")
        print("\(bytes / max(1, windows.count) / (features + 2)) bytes for one column and part")
    }

    /// As many together as come in 50 ms at 5,000 a second.
    private static func batched(_ predictions: [PredictionObservation]) -> [PredictionBatch] {
        stride(from: 0, to: predictions.count, by: 250).map {
            PredictionBatch(Array(predictions[$0..<min($0 + 250, predictions.count)]))
        }
    }

    private static func show(_ what: String, per count: Int, _ body: () -> Void) {
        body()
        let clock = ContinuousClock()
        let times = (0..<rounds).map { _ in Int(clock.measure(body) / .nanoseconds(1)) / count }.sorted()
        print("| \(what) | \(times[rounds / 2]) | \(times[0]) | \(times[rounds - 1]) |")
    }

    private static func prediction(_ number: Int, _ random: inout SplitMix64) throws -> PredictionObservation {
        let (inputs, outputs) = try row(&random)
        return PredictionObservation(
            requestID: "request-\(number)", endpoint: "e", version: version, route: .primary,
            at: Timestamp(milliseconds: 1_000_000 + Int64(number / 10)), inputs: inputs, outputs: outputs,
            parameters: [:], rows: 1, total: .milliseconds(1))
    }

    private static func row(_ random: inout SplitMix64) throws -> (NamedTensors, NamedTensors) {
        let values = (0..<features).map { _ in Float((0..<12).reduce(-6.0) { sum, _ in sum + random.unit() }) }
        let score = Float(random.unit())
        return (
            ["x": try Tensor(values, shape: [1, features])],
            [
                "label": try Tensor([Int64(score > 0.5 ? 1 : 0)], shape: [1]),
                "scores": try Tensor([1 - score, score], shape: [1, 2]),
            ]
        )
    }
}

extension PredictionObservation {
    /// The same under another id, as if it had been asked again.
    fileprivate func renamed(_ id: String) -> PredictionObservation {
        PredictionObservation(
            requestID: id, endpoint: endpoint, version: version, route: route, at: at, inputs: inputs,
            outputs: outputs, parameters: parameters, rows: rows, total: total)
    }
}
