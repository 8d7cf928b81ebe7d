// SPDX-License-Identifier: Apache-2.0

import Glibc
import SlipwayCore
import SlipwayMonitoring
import Testing

@Suite struct ProtobufExpositionTests {
    private typealias Fields = [(number: UInt64, value: ProtobufReader.Value)]

    private let registry = MetricsRegistry(now: { Timestamp(milliseconds: 1_500) })

    private func families() throws -> [String: Fields] {
        var reader = ProtobufReader(registry.exposition(.protobuf))
        var result: [String: Fields] = [:]
        while !reader.isAtEnd {
            let fields = try ProtobufReader.fields(try reader.take(Int(try reader.varint())))
            result[try #require(fields.text(1))] = fields
        }
        return result
    }

    private func observation(_ total: Duration, trace: TraceLink? = nil) -> InferenceObservation {
        var observation = InferenceObservation(
            requestID: nil, endpoint: "fraud", version: 1, route: .primary, outcome: .success, rows: 1, batchSize: 1,
            inputBytes: 0, outputBytes: 0, timings: InferenceTimings(), total: total)
        observation.trace = trace
        return observation
    }

    @Test("a counter has its name, help, type, labels and value")
    func counter() throws {
        registry.record(observation(.milliseconds(1)))
        let family = try #require(try families()["slipway_inference_rows_total"])
        #expect(family.text(2) == "Rows answered successfully.")
        #expect(family.varint(3) == 0)
        let metric = try ProtobufReader.fields(try #require(family.messages(4).first))
        let labels = try metric.messages(1).map { bytes in
            let pair = try ProtobufReader.fields(bytes)
            return [pair.text(1), pair.text(2)]
        }
        #expect(labels == [["endpoint", "fraud"], ["version", "1"]])
        #expect(try ProtobufReader.fields(try #require(metric.messages(3).first)).double(1) == 1)
    }

    @Test("native buckets hold every latency within a bucket of its own, and none is lost")
    func native() throws {
        let latencies: [Duration] = [
            .nanoseconds(200), .microseconds(150), .microseconds(150), .milliseconds(3), .milliseconds(4), .seconds(2),
            .seconds(500),
        ]
        for latency in latencies { registry.record(observation(latency)) }
        let histogram = try histogram()
        #expect(histogram.varint(1) == UInt64(latencies.count))
        #expect(histogram.varint(5).map(ProtobufReader.zigzag) == 3)
        #expect(histogram.double(6) == NativeBuckets.zeroThreshold)
        // 200 ns are below the threshold.
        #expect(histogram.varint(7) == 1)
        let buckets = try decoded(histogram)
        #expect(buckets.reduce(0) { $0 + $1.count } == Int64(latencies.count) - 1)
        for latency in latencies where latency > .microseconds(1) && latency < .seconds(100) {
            let seconds = latency / .seconds(1)
            let holder = buckets.first { bucket in
                // 1.6 %: a cell of the scale may reach over a bound.
                exp2(Double(bucket.index - 1) / 8) < seconds * 1.016 && seconds < exp2(Double(bucket.index) / 8) * 1.016
            }
            #expect(holder != nil, "\(latency)")
        }
    }

    @Test("classic buckets are there too, with the exemplar's trace")
    func classic() throws {
        let link = TraceLink(traceIDHigh: 1, traceIDLow: 2, spanID: 3, parentSpanID: nil, isSampled: true)
        registry.record(observation(.milliseconds(3), trace: link))
        let histogram = try histogram()
        let buckets = try histogram.messages(3).map { try ProtobufReader.fields($0) }
        #expect(buckets.count == MetricCatalogue.durationBounds.count + 1)
        #expect(buckets.last?.double(2) == .infinity)
        let exemplars = try buckets.compactMap { try $0.messages(3).first.map { try ProtobufReader.fields($0) } }
        #expect(exemplars.count == 1)
        let exemplar = try #require(exemplars.first)
        let label = try ProtobufReader.fields(try #require(exemplar.messages(1).first))
        #expect(label.text(2) == "00000000000000010000000000000002")
        #expect(exemplar.double(2) == 0.003)
        let time = try ProtobufReader.fields(try #require(exemplar.messages(3).first))
        #expect(time.varint(1) == 1)
        #expect(time.varint(2) == 500_000_000)
    }

    private func histogram() throws -> Fields {
        let family = try #require(try families()["slipway_inference_duration_seconds"])
        let metric = try ProtobufReader.fields(try #require(family.messages(4).first))
        return try ProtobufReader.fields(try #require(metric.messages(7).first))
    }

    private func decoded(_ histogram: Fields) throws -> [(index: Int64, count: Int64)] {
        var deltas = ProtobufReader(try #require(histogram.messages(13).first))
        var index: Int64 = 0
        var count: Int64 = 0
        var result: [(index: Int64, count: Int64)] = []
        for bytes in histogram.messages(12) {
            let span = try ProtobufReader.fields(bytes)
            index += ProtobufReader.zigzag(try #require(span.varint(1)))
            for _ in 0..<(try #require(span.varint(2))) {
                count += ProtobufReader.zigzag(try deltas.varint())
                result.append((index, count))
                index += 1
            }
        }
        #expect(deltas.isAtEnd)
        return result
    }
}
