// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// What the Prometheus text format and OpenMetrics write alike.
enum ExpositionText {
    /// Whole numbers without a fraction; infinities and NaN as the formats spell them.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if let whole = Int64(exactly: value) { return String(whole) }
        return String(value)
    }

    /// `{endpoint="fraud",version="3"}`; empty without labels.
    static func labels(_ names: [String], _ values: [String], and more: (String, String)? = nil) -> String {
        var text = ""
        for (name, value) in zip(names, values) {
            text += text.isEmpty ? "{" : ","
            text += "\(name)=\"\(escaped(value, quotes: true))\""
        }
        if let (name, value) = more {
            text += text.isEmpty ? "{" : ","
            text += "\(name)=\"\(value)\""
        }
        return text.isEmpty ? "" : text + "}"
    }

    /// Backslashes and line feeds always, quotes where they end the text.
    static func escaped(_ text: String, quotes: Bool) -> String {
        guard text.utf8.contains(where: { $0 == 0x5C || $0 == 0x0A || $0 == 0x22 }) else { return text }
        var result = ""
        // Scalars, because "\r\n" is one Character and its line feed must be escaped too.
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\"" where quotes: result += "\\\""
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

/// The Prometheus text exposition format, version 0.0.4.
enum TextExposition {
    static func write(_ families: [MetricFamily]) -> String {
        var text = ""
        for family in families {
            let metric = family.metric
            text += "# HELP \(metric.name) \(ExpositionText.escaped(metric.help, quotes: false))\n"
            text += "# TYPE \(metric.name) \(metric.kind.rawValue)\n"
            for point in family.points { write(point, of: metric, to: &text) }
        }
        return text
    }

    private static func write(_ point: MetricPoint, of metric: MetricDescriptor, to text: inout String) {
        let labels = ExpositionText.labels(metric.labels, point.labels)
        switch point.value {
        case .number(let value): text += "\(metric.name)\(labels) \(ExpositionText.number(value))\n"
        case .histogram(let value):
            for (bound, count) in zip(value.bounds, value.cumulative) {
                let shown = ("le", ExpositionText.number(bound))
                let labels = ExpositionText.labels(metric.labels, point.labels, and: shown)
                text += "\(metric.name)_bucket\(labels) \(count)\n"
            }
            let last = ExpositionText.labels(metric.labels, point.labels, and: ("le", "+Inf"))
            text += "\(metric.name)_bucket\(last) \(value.count)\n"
            text += "\(metric.name)_sum\(labels) \(ExpositionText.number(value.sum))\n"
            text += "\(metric.name)_count\(labels) \(value.count)\n"
        }
    }
}
