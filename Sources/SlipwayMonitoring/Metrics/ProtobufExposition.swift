// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// Prometheus' protobuf exposition: `io.prometheus.client.MetricFamily` messages, each with its length in front.
///
/// Histograms of latencies are in it twice, in classic buckets and in native ones; the scraper takes what it knows.
enum ProtobufExposition {
    static func write(_ families: [MetricFamily]) -> [UInt8] {
        var writer = ProtobufWriter()
        for family in families where !family.points.isEmpty {
            writer.delimited { write(family, to: &$0) }
        }
        return writer.bytes
    }

    private static func write(_ family: MetricFamily, to writer: inout ProtobufWriter) {
        let metric = family.metric
        writer.field(1, metric.name)
        writer.field(2, metric.help)
        let type: UInt64 =
            switch metric.kind {
            case .counter: 0
            case .gauge: 1
            case .histogram: 4
            }
        writer.field(3, type)
        for point in family.points {
            writer.message(4) { inner in
                for (name, value) in zip(metric.labels, point.labels) { pair(1, name, value, to: &inner) }
                switch point.value {
                case .number(let value): inner.message(metric.kind == .counter ? 3 : 2) { $0.field(1, value) }
                case .histogram(let value): inner.message(7) { histogram(value, to: &$0) }
                }
            }
        }
    }

    private static func pair(_ field: UInt64, _ name: String, _ value: String, to writer: inout ProtobufWriter) {
        writer.message(field) { inner in
            inner.field(1, name)
            inner.field(2, value)
        }
    }

    private static func histogram(_ value: HistogramValue, to writer: inout ProtobufWriter) {
        writer.field(1, value.count)
        writer.field(2, value.sum)
        var exemplars = value.exemplars[...]
        for (bound, count) in zip(value.bounds + [.infinity], value.cumulative + [value.count]) {
            writer.message(3) { bucket in
                bucket.field(1, count)
                bucket.field(2, bound)
                guard let first = exemplars.first, first.value <= bound else { return }
                bucket.message(3) { exemplar(first, to: &$0) }
                exemplars = exemplars.drop { $0.value <= bound }
            }
        }
        guard let native = value.native else { return }
        writer.field(5, signed: Int64(NativeBuckets.schema))
        writer.field(6, NativeBuckets.zeroThreshold)
        writer.field(7, native.zeroCount)
        spans(native, to: &writer)
        for exemplar in value.exemplars { writer.message(16) { self.exemplar(exemplar, to: &$0) } }
    }

    /// Runs of neighbouring buckets, and how each count differs from the one before.
    private static func spans(_ native: NativeBuckets, to writer: inout ProtobufWriter) {
        var spans: [(offset: Int, length: Int)] = []
        var deltas: [Int64] = []
        var next = 0
        var before: Int64 = 0
        for bucket in native.buckets {
            if let last = spans.indices.last, bucket.index == next {
                spans[last].length += 1
            } else {
                spans.append((bucket.index - next, 1))
            }
            next = bucket.index + 1
            let count = Int64(clamping: bucket.count)
            deltas.append(count - before)
            before = count
        }
        for span in spans {
            writer.message(12) { inner in
                inner.field(1, signed: Int64(span.offset))
                inner.field(2, UInt64(span.length))
            }
        }
        writer.packed(13, signed: deltas)
    }

    private static func exemplar(_ exemplar: Exemplar, to writer: inout ProtobufWriter) {
        for label in exemplar.labels { pair(1, label.name, label.value, to: &writer) }
        writer.field(2, exemplar.value)
        let milliseconds = max(0, exemplar.at.milliseconds)
        writer.message(3) { time in
            time.field(1, UInt64(milliseconds / 1000))
            time.field(2, UInt64(milliseconds % 1000 * 1_000_000))
        }
    }
}
