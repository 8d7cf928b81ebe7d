// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import SlipwayCore
import SlipwayDelivery
import SlipwayMonitoring
import Testing

@Suite struct OTLPTests {
    private let link = TraceLink(traceIDHigh: 1, traceIDLow: 2, spanID: 3, parentSpanID: 4, isSampled: true)

    /// What a collector reads of a metrics body, as far as these tests look.
    private struct Metrics: Decodable {
        struct Resource: Decodable { let scopeMetrics: [Scope] }
        struct Scope: Decodable { let metrics: [Metric] }
        struct Metric: Decodable {
            let name: String
            let unit: String
            let sum: Data?
            let gauge: Data?
            let histogram: Data?
        }
        struct Data: Decodable { let dataPoints: [Point] }
        struct Point: Decodable {
            let timeUnixNano: String
            let asDouble: Double?
            let count: String?
            let bucketCounts: [String]?
            let explicitBounds: [Double]?
            let exemplars: [Exemplar]?
        }
        struct Exemplar: Decodable { let traceId: String }
        let resourceMetrics: [Resource]

        var all: [Metric] { resourceMetrics.flatMap(\.scopeMetrics).flatMap(\.metrics) }
    }

    private func decode(_ families: [MetricFamily]) throws -> [Metrics.Metric] {
        let metrics = OTLPMetrics(resource: [("service.name", "slip\"way")], start: Timestamp(milliseconds: 1))
        return try metrics.bodies(families, at: Timestamp(milliseconds: 2)).flatMap {
            try JSONDecoder().decode(Metrics.self, from: Data($0)).all
        }
    }

    @Test("sums, gauges and histograms are what the catalogue says, in UCUM's units")
    func kinds() throws {
        let registry = MetricsRegistry(now: { Timestamp(milliseconds: 5) })
        var observation = InferenceObservation(
            requestID: nil, endpoint: "a\nb", version: 1, route: .primary, outcome: .success, rows: 2, batchSize: 2,
            inputBytes: 8, outputBytes: 4, timings: InferenceTimings(), total: .milliseconds(3))
        observation.trace = link
        registry.record(observation)
        registry.provide(MetricCatalogue.inFlight) { [MetricSample(.nan)] }
        let all = try decode(registry.families())
        let rows = try #require(all.first { $0.name == "slipway_inference_rows_total" })
        #expect(rows.sum?.dataPoints.first?.asDouble == 2)
        #expect(rows.sum?.dataPoints.first?.timeUnixNano == "2000000")
        #expect(all.first { $0.name == "slipway_inference_input_bytes_total" }?.unit == "By")
        let duration = try #require(all.first { $0.name == "slipway_inference_duration_seconds" })
        let point = try #require(duration.histogram?.dataPoints.first)
        #expect(duration.unit == "s")
        #expect(point.count == "1")
        #expect(point.bucketCounts?.count == (point.explicitBounds?.count ?? 0) + 1)
        #expect(point.bucketCounts?.compactMap { Int($0) }.reduce(0, +) == 1)
        #expect(point.exemplars?.map(\.traceId) == ["00000000000000010000000000000002"])
        // JSON has no word for NaN.
        #expect(!all.contains { $0.name == "slipway_inference_in_flight" })
    }

    @Test("many points are told in several bodies, each point once")
    func split() throws {
        let points = (0..<4500).map { MetricPoint(labels: ["e\($0)", "1"], value: .number(1)) }
        let family = MetricFamily(MetricCatalogue.queued, points: points)
        let metrics = try decode([family])
        #expect(metrics.count == 3)
        #expect(metrics.reduce(0) { $0 + ($1.gauge?.dataPoints.count ?? 0) } == 4500)
    }

    private struct Records: Decodable {
        struct Resource: Decodable {
            let scopeSpans: [Spans]?
            let scopeLogs: [Logs]?
        }
        struct Spans: Decodable { let spans: [Span] }
        struct Span: Decodable {
            let traceId: String
            let spanId: String
            let parentSpanId: String?
            let name: String
            let kind: Int
            let startTimeUnixNano: String
            let status: Status
        }
        struct Status: Decodable { let code: Int }
        struct Logs: Decodable { let logRecords: [Log] }
        struct Log: Decodable {
            let severityNumber: Int
            let traceId: String?
            let body: Body
        }
        struct Body: Decodable { let stringValue: String }
        let resourceSpans: [Resource]?
        let resourceLogs: [Resource]?
    }

    @Test("spans carry ids in hexadecimal and their parents'")
    func spans() throws {
        let observation = InferenceObservation(
            requestID: "r", endpoint: "fraud", version: 1, route: .primary, outcome: .failure(.internal), rows: 1,
            batchSize: 1, inputBytes: 0, outputBytes: 0, timings: InferenceTimings(queue: .milliseconds(1)),
            total: .milliseconds(3))
        let traced = TracedRequest(observation, trace: link, endedAt: Timestamp(milliseconds: 10))
        let body = OTLPRecords(resource: []).body(traced.spans { 255 })
        let read = try JSONDecoder().decode(Records.self, from: Data(body))
        let spans = read.resourceSpans?.first?.scopeSpans?.first?.spans ?? []
        #expect(spans.map(\.spanId) == ["0000000000000003", "00000000000000ff"])
        #expect(spans.map(\.parentSpanId) == ["0000000000000004", "0000000000000003"])
        #expect(spans.map(\.kind) == [2, 1])
        #expect(spans.map(\.status.code) == [2, 1])
        #expect(spans.first?.startTimeUnixNano == "7000000")
    }

    @Test("log records keep a trace id only where it is one")
    func logs() throws {
        let id = String(repeating: "ab", count: 16)
        let records = [id, "\",\"x\":\"", "AB"].map { trace in
            LogRecord(
                at: Timestamp(milliseconds: 1), level: .error, logger: "slipway", message: "m\u{1B}\n",
                metadata: ["trace": .text(trace)])
        }
        let read = try JSONDecoder().decode(Records.self, from: Data(OTLPRecords(resource: []).body(records)))
        let logs = read.resourceLogs?.first?.scopeLogs?.first?.logRecords ?? []
        #expect(logs.map(\.traceId) == [id, nil, nil])
        #expect(logs.allSatisfy { $0.severityNumber == 17 && $0.body.stringValue == "m\u{1B}\n" })
    }
}
