// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// OpenMetrics text, version 1.0.0, with exemplars on the buckets of latencies.
enum OpenMetricsExposition {
    static func write(_ families: [MetricFamily]) -> String {
        var text = ""
        for family in families {
            let metric = family.metric
            let (name, type) = announced(metric)
            text += "# TYPE \(name) \(type)\n"
            if name.hasSuffix("_" + metric.unit) { text += "# UNIT \(name) \(metric.unit)\n" }
            text += "# HELP \(name) \(ExpositionText.escaped(metric.help, quotes: true))\n"
            for point in family.points { write(point, of: metric, to: &text) }
        }
        return text + "# EOF\n"
    }

    /// The family's name and type. Counters are announced without `_total`; those of other servers that lack it are
    /// of no type that the format knows.
    private static func announced(_ metric: MetricDescriptor) -> (name: String, type: String) {
        guard metric.kind == .counter else { return (metric.name, metric.kind.rawValue) }
        guard metric.name.hasSuffix("_total") else { return (metric.name, "unknown") }
        return (String(metric.name.dropLast("_total".count)), "counter")
    }

    private static func write(_ point: MetricPoint, of metric: MetricDescriptor, to text: inout String) {
        let labels = ExpositionText.labels(metric.labels, point.labels)
        switch point.value {
        case .number(let value): text += "\(metric.name)\(labels) \(ExpositionText.number(value))\n"
        case .histogram(let value):
            var exemplars = value.exemplars[...]
            for (bound, count) in zip(value.bounds + [.infinity], value.cumulative + [value.count]) {
                let labels = ExpositionText.labels(metric.labels, point.labels, and: ("le", canonical(bound)))
                text += "\(metric.name)_bucket\(labels) \(count)"
                if let exemplar = exemplars.first, exemplar.value <= bound {
                    text += self.text(of: exemplar)
                    exemplars = exemplars.drop { $0.value <= bound }
                }
                text += "\n"
            }
            text += "\(metric.name)_count\(labels) \(value.count)\n"
            text += "\(metric.name)_sum\(labels) \(ExpositionText.number(value.sum))\n"
        }
    }

    /// Bounds always have a fraction: `1.0`.
    private static func canonical(_ bound: Double) -> String { bound.isInfinite ? "+Inf" : String(bound) }

    private static func text(of exemplar: Exemplar) -> String {
        let labels = exemplar.labels
        let text = ExpositionText.labels(labels.map(\.name), labels.map(\.value))
        let seconds = Double(exemplar.at.milliseconds) / 1000
        return " # \(text) \(ExpositionText.number(exemplar.value)) \(seconds)"
    }
}
