// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayMonitoring
import Testing

@Suite struct OpenMetricsTests {
    private let registry = MetricsRegistry(compatibility: .all, now: { Timestamp(milliseconds: 1_500) })

    private var lines: [String] {
        String(decoding: registry.exposition(.openMetrics), as: UTF8.self).split(separator: "\n").map(String.init)
    }

    @Test("counters are announced without _total, and their samples have it")
    func counters() {
        registry.record(.sample())
        #expect(lines.contains("# TYPE slipway_inference_rows counter"))
        #expect(lines.contains("# TYPE process_cpu_seconds counter"))
        #expect(lines.contains("# UNIT process_cpu_seconds seconds"))
        #expect(lines.contains(#"slipway_inference_rows_total{endpoint="fraud",version="1"} 1"#))
        #expect(lines.last == "# EOF")
    }

    @Test("no two families have the same name, and counters of others that lack _total are of no type")
    func families() {
        let types = lines.filter { $0.hasPrefix("# TYPE ") }.map { $0.split(separator: " ").map(String.init) }
        #expect(Set(types.map { $0[2] }).count == types.count)
        #expect(types.contains { $0[2] == "nv_inference_count" && $0[3] == "unknown" })
    }

    @Test("units are told only where the name ends with them")
    func units() {
        for line in lines where line.hasPrefix("# UNIT ") {
            let words = line.split(separator: " ")
            #expect(words[2].hasSuffix("_" + words[3]), "\(line)")
        }
    }

    @Test("a bucket shows the newest traced request that fell into it")
    func exemplars() throws {
        registry.record(.sample())
        var traced = InferenceObservation.sample()
        traced.trace = TraceLink(traceIDHigh: 1, traceIDLow: 2, spanID: 3, parentSpanID: nil, isSampled: true)
        registry.record(traced)
        var unwanted = traced
        unwanted.trace = TraceLink(traceIDHigh: 9, traceIDLow: 9, spanID: 9, parentSpanID: nil, isSampled: false)
        registry.record(unwanted)
        let exemplars = lines.filter { $0.contains(" # {") }
        #expect(
            exemplars == [
                #"slipway_inference_duration_seconds_bucket{endpoint="fraud",version="1",le="0.00025"} 3"#
                    + ##" # {trace_id="00000000000000010000000000000002",span_id="0000000000000003"} 0.0002 1.5"##
            ])
    }

    @Test("bounds have a fraction always")
    func bounds() {
        registry.record(.sample())
        #expect(lines.contains { $0.contains(#"le="1.0"}"#) })
        #expect(!lines.contains { $0.contains(#"le="1"}"#) })
    }
}
