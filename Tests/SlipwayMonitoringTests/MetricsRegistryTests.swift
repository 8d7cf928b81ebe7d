// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayMonitoring
import Testing

@Suite struct MetricsRegistryTests {
    private let registry = MetricsRegistry(maximumSeries: 3, now: { Timestamp(milliseconds: 1_234_567) })

    private func lines(_ prefix: String) -> [String] {
        registry.exposition().split(separator: "\n").map(String.init).filter { $0.hasPrefix(prefix) }
    }

    @Test("requests are counted by endpoint, version and outcome")
    func counts() {
        registry.record(.sample())
        registry.record(.sample())
        registry.record(.sample(outcome: .failure(.deadlineExceeded), batchSize: 0))
        registry.record(.sample(version: 2))
        #expect(
            lines("slipway_inference_requests_total{") == [
                #"slipway_inference_requests_total{endpoint="fraud",version="1",outcome="success"} 2"#,
                #"slipway_inference_requests_total{endpoint="fraud",version="1",outcome="deadlineExceeded"} 1"#,
                #"slipway_inference_requests_total{endpoint="fraud",version="2",outcome="success"} 1"#,
            ])
        #expect(
            lines("slipway_inference_input_bytes_total{") == [
                #"slipway_inference_input_bytes_total{endpoint="fraud",version="1"} 120"#,
                #"slipway_inference_input_bytes_total{endpoint="fraud",version="2"} 40"#,
            ])
    }

    @Test("the histogram's buckets are cumulative and end with the count")
    func histogram() {
        registry.record(.sample())
        registry.record(.sample())
        let name = "slipway_inference_duration_seconds"
        let buckets = lines(name + "_bucket")
        #expect(buckets.count == MetricCatalogue.durationBounds.count + 1)
        #expect(buckets.first == #"\#(name)_bucket{endpoint="fraud",version="1",le="0.0001"} 0"#)
        #expect(buckets.dropFirst().first == #"\#(name)_bucket{endpoint="fraud",version="1",le="0.00025"} 2"#)
        #expect(buckets.last == #"\#(name)_bucket{endpoint="fraud",version="1",le="+Inf"} 2"#)
        #expect(lines(name + "_sum") == [#"\#(name)_sum{endpoint="fraud",version="1"} 0.0004"#])
        #expect(lines(name + "_count") == [#"\#(name)_count{endpoint="fraud",version="1"} 2"#])
    }

    @Test("every metric of the catalogue is announced once")
    func announcements() {
        let types = lines("# TYPE ")
        #expect(types == MetricCatalogue.all.map { "# TYPE \($0.name) \($0.kind.rawValue)" })
    }

    @Test(
        "label values are escaped",
        arguments: [
            ("a\"b", #"a\"b"#), ("a\\b", #"a\\b"#), ("a\nb", #"a\nb"#), ("a\r\nb", "a\r\\nb"), ("größe", "größe"),
        ])
    func escaping(name: String, written: String) {
        registry.record(.sample(endpoint: name))
        let expected = "slipway_inference_rows_total{endpoint=\"\(written)\",version=\"1\"} 1\n"
        #expect(registry.exposition().contains(expected))
    }

    @Test("beyond the limit of series requests are counted under 'other'")
    func bounded() {
        for version in 1...5 { registry.record(.sample(version: version)) }
        #expect(lines("slipway_observations_folded_total") == ["slipway_observations_folded_total 2"])
        #expect(
            lines("slipway_inference_rows_total{").last
                == #"slipway_inference_rows_total{endpoint="other",version=""} 2"#)
        #expect(lines("slipway_inference_rows_total{").count == 4)
    }

    @Test("a version that was unloaded keeps its sums until their place is needed")
    func retired() {
        for version in 1...3 { registry.record(.sample(version: version)) }
        registry.retire(endpoint: "fraud", version: 2)
        registry.retire(endpoint: "fraud", version: 1)
        #expect(registry.statistics(endpoint: "fraud", version: 2).success.count == 1)
        registry.record(.sample(version: 1))
        registry.record(.sample(version: 4))
        #expect(registry.statistics(endpoint: "fraud", version: 2).success.count == 0)
        #expect(registry.statistics(endpoint: "fraud", version: 1).success.count == 2)
        #expect(registry.statistics(endpoint: "fraud", version: 4).success.count == 1)
        #expect(lines("slipway_observations_folded_total") == ["slipway_observations_folded_total 0"])
    }

    @Test("unrouted requests to names that never served get no series of their own")
    func inventedNames() {
        for index in 0..<100 {
            registry.record(
                .sample(endpoint: "x\(index)", version: nil, outcome: .failure(.notFound), batchSize: 0))
        }
        let failures = #"slipway_inference_requests_total{endpoint="other",version="",outcome="notFound"} 100"#
        #expect(lines("slipway_inference_requests_total{").contains(failures))
        registry.record(.sample())
        registry.record(.sample(version: nil, outcome: .failure(.invalidInput), batchSize: 0))
        let known = #"slipway_inference_requests_total{endpoint="fraud",version="",outcome="invalidInput"} 1"#
        #expect(lines("slipway_inference_requests_total{").contains(known))
    }

    @Test("an endpoint named 'other' never doubles a series")
    func endpointNamedOther() {
        registry.record(.sample(endpoint: "other"))
        registry.record(.sample(endpoint: "other", version: nil, outcome: .failure(.invalidInput), batchSize: 0))
        registry.record(.sample(endpoint: "nobody", version: nil, outcome: .failure(.invalidInput), batchSize: 0))
        let series = #"slipway_inference_requests_total{endpoint="other",version="",outcome="invalidInput"}"#
        #expect(lines(series) == [series + " 2"])
    }

    @Test("provided samples are written, those with wrong labels are not")
    func provided() {
        registry.provide(MetricCatalogue.inFlight) { [MetricSample(7)] }
        registry.provide(MetricCatalogue.loadDuration) {
            [MetricSample(0.25, labels: ["fraud", "3"]), MetricSample(1, labels: ["fraud"])]
        }
        #expect(lines("slipway_inference_in_flight") == ["slipway_inference_in_flight 7"])
        #expect(
            lines("slipway_model_load_seconds") == [#"slipway_model_load_seconds{model="fraud",version="3"} 0.25"#])
    }

    @Test("statistics hold exact sums")
    func statistics() {
        registry.record(.sample())
        registry.record(ExecutionObservation.call())
        registry.record(.sample(outcome: .failure(.internal)))
        let statistics = registry.statistics(endpoint: "fraud", version: 1)
        #expect(statistics.success == .init(count: 1, nanoseconds: 200_000))
        #expect(statistics.failure == .init(count: 1, nanoseconds: 200_000))
        #expect(statistics.queue == .init(count: 1, nanoseconds: 10_000))
        #expect(statistics.computeInput == .init(count: 1, nanoseconds: 1_000))
        #expect(statistics.compute == .init(count: 1, nanoseconds: 100_000))
        #expect(statistics.computeOutput == .init(count: 1, nanoseconds: 2_000))
        #expect(statistics.inferenceCount == 1)
        #expect(statistics.executionCount == 1)
        #expect(statistics.lastInference == Timestamp(milliseconds: 1_234_567))
    }

    @Test("engine calls are counted as they are told, by their rows")
    func batches() throws {
        // One call of 8 rows for requests of 5, 2 and 1; then one call of one row.
        for rows in [5, 2, 1] { registry.record(.sample(rows: rows, batchSize: 8)) }
        registry.record(ExecutionObservation.call(rows: 8, compute: .microseconds(300)))
        registry.record(.sample())
        registry.record(ExecutionObservation.call())
        let statistics = registry.statistics(endpoint: "fraud", version: 1)
        #expect(statistics.inferenceCount == 9)
        #expect(statistics.executionCount == 2)
        #expect(statistics.batches.map(\.size) == [1, 8])
        let batch = try #require(statistics.batches.last)
        #expect(batch.compute == .init(count: 1, nanoseconds: 300_000))
        #expect(batch.computeInput == .init(count: 1, nanoseconds: 1_000))
    }

    @Test("batch sizes beyond the limit still count as executions")
    func manyBatchSizes() {
        for size in 1...200 { registry.record(ExecutionObservation.call(rows: size)) }
        let statistics = registry.statistics(endpoint: "fraud", version: 1)
        #expect(statistics.batches.count == 128)
        #expect(statistics.executionCount == 200)
    }

    @Test("answers are counted by route; those from the cache took no queue and no engine")
    func routes() {
        registry.record(.sample(route: .canary))
        registry.record(.sample(route: .cache, batchSize: 0))
        #expect(
            lines("slipway_inference_routed_total{") == [
                #"slipway_inference_routed_total{endpoint="fraud",version="1",route="cache"} 1"#,
                #"slipway_inference_routed_total{endpoint="fraud",version="1",route="canary"} 1"#,
            ])
        let statistics = registry.statistics(endpoint: "fraud", version: 1)
        #expect(statistics.success.count == 2)
        #expect(statistics.queue.count == 1)
        #expect(statistics.cacheHit == .init(count: 1, nanoseconds: 200_000))
    }

    @Test("nothing is lost when many threads record")
    func concurrentRecords() async {
        let registry = registry
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<6 {
                group.addTask {
                    for _ in 0..<2_000 { registry.record(.sample(version: task % 2 + 1)) }
                }
            }
        }
        #expect(registry.statistics(endpoint: "fraud", version: 1).success.count == 6_000)
        #expect(registry.statistics(endpoint: "fraud", version: 2).success.count == 6_000)
    }

    @Test("the process tells of itself")
    func processMetrics() {
        registry.provideProcessMetrics(version: "1.2.3")
        #expect(lines("slipway_build_info") == [#"slipway_build_info{version="1.2.3"} 1"#])
        #expect(lines("process_resident_memory_bytes").count == 1)
    }
}
