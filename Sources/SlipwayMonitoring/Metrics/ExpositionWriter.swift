// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// Writes the Prometheus text exposition format, version 0.0.4.
struct ExpositionWriter {
    private(set) var text = ""

    /// The HELP and TYPE lines; they come once, before the samples of the metric.
    mutating func begin(_ metric: MetricDescriptor) {
        text += "# HELP \(metric.name) \(Self.escaped(metric.help, quotes: false))\n"
        text += "# TYPE \(metric.name) \(metric.kind.rawValue)\n"
    }

    mutating func sample(_ metric: MetricDescriptor, labels: [String], value: String) {
        line(metric.name, labels: Array(zip(metric.labels, labels)), value: value)
    }

    /// One histogram: cumulative buckets, sum in seconds, count.
    mutating func histogram(
        _ metric: MetricDescriptor, labels: [String], distribution: LatencyDistribution, bounds: [Duration]
    ) {
        let pairs = Array(zip(metric.labels, labels))
        for (bound, count) in zip(bounds, distribution.cumulativeCounts(upTo: bounds)) {
            let seconds = Self.number(Double(bound.clampedNanoseconds) / 1e9)
            line(metric.name + "_bucket", labels: pairs + [("le", seconds)], value: String(count))
        }
        line(metric.name + "_bucket", labels: pairs + [("le", "+Inf")], value: String(distribution.count))
        line(metric.name + "_sum", labels: pairs, value: Self.number(Double(distribution.sumNanoseconds) / 1e9))
        line(metric.name + "_count", labels: pairs, value: String(distribution.count))
    }

    /// One histogram with bounds of its own.
    mutating func histogram(_ metric: MetricDescriptor, labels: [String], counts: BucketCounts) {
        let pairs = Array(zip(metric.labels, labels))
        var total: UInt64 = 0
        for (bound, count) in zip(counts.bounds, counts.counts) {
            total &+= count
            let shown = Self.number(Double(bound) / counts.scale)
            line(metric.name + "_bucket", labels: pairs + [("le", shown)], value: String(total))
        }
        line(metric.name + "_bucket", labels: pairs + [("le", "+Inf")], value: String(counts.count))
        line(metric.name + "_sum", labels: pairs, value: Self.number(Double(counts.sum) / counts.scale))
        line(metric.name + "_count", labels: pairs, value: String(counts.count))
    }

    private mutating func line(_ name: String, labels: [(String, String)], value: String) {
        text += name
        if !labels.isEmpty {
            text += "{"
            for (index, (label, content)) in labels.enumerated() {
                if index > 0 { text += "," }
                text += "\(label)=\"\(Self.escaped(content, quotes: true))\""
            }
            text += "}"
        }
        text += " \(value)\n"
    }

    /// Whole numbers without a fraction; infinities and NaN as the format spells them.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if let whole = Int64(exactly: value) { return String(whole) }
        return String(value)
    }

    /// Backslashes and line feeds always, quotes in label values only.
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
