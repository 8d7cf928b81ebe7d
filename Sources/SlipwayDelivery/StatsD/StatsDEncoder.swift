// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
package import SlipwayMonitoring

/// Metrics as StatsD lines: counters as what came since the last push, gauges as they stand.
///
/// A histogram becomes the counters `NAME.count` and `NAME.sum` and the gauges `NAME.p50` and `NAME.p99` of what came
/// since the last push, interpolated within buckets.
package struct StatsDEncoder: Sendable {
    package enum Dialect: String, Sendable, Hashable, CaseIterable {
        /// Label values become parts of the name: `slipway_inference_rows.fraud.3`.
        case statsd
        /// Labels become tags.
        case dogstatsd
    }

    /// What fits a datagram of Ethernet's 1,500 bytes, headers of IPv6 and tunnels included.
    package static let maximumDatagram = 1432

    private struct Counted {
        var value = 0.0
        var buckets: [UInt64] = []
    }

    private let dialect: Dialect
    private var last: [String: Counted] = [:]

    package init(_ dialect: Dialect) { self.dialect = dialect }

    /// Datagrams of whole lines; a line that does not fit one is left out.
    package mutating func datagrams(_ families: [MetricFamily]) -> [[UInt8]] {
        var packer = Packer()
        var seen: [String: Counted] = [:]
        for family in families {
            for point in family.points { write(point, family.metric, &seen, &packer) }
        }
        // What is no longer told would only take up room.
        last = seen
        return packer.finish()
    }

    private func write(
        _ point: MetricPoint, _ metric: MetricDescriptor, _ seen: inout [String: Counted], _ packer: inout Packer
    ) {
        let name = metric.name.hasSuffix("_total") ? String(metric.name.dropLast("_total".count)) : metric.name
        let (path, tags) = place(point.labels, metric.labels)
        let key = name + path + tags
        func line(_ suffix: String, _ value: Double, _ type: String) {
            guard value.isFinite else { return }
            let number = Int64(exactly: value).map(String.init) ?? String(value)
            packer.add("\(Self.safe(name))\(path)\(suffix):\(number)|\(type)\(tags)")
        }
        switch (point.value, metric.kind) {
        case (.number(let value), .counter):
            seen[key] = Counted(value: value)
            let before = last[key]?.value ?? 0
            // A counter that went back began again.
            line("", value >= before ? value - before : value, "c")
        case (.number(let value), _):
            // A sign would make it a change of the value before: 0 first.
            if value < 0 { line("", 0, "g") }
            line("", value, "g")
        case (.histogram(let value), _):
            let separate = value.separate
            seen[key] = Counted(value: value.sum, buckets: separate)
            let before = last[key] ?? Counted()
            let isSame =
                before.buckets.count == separate.count
                && zip(before.buckets, separate).allSatisfy { $0 <= $1 }
            let new = isSame ? zip(before.buckets, separate).map { $1 - $0 } : separate
            let count = new.reduce(0, &+)
            line(".count", Double(count), "c")
            line(".sum", isSame && value.sum >= before.value ? value.sum - before.value : value.sum, "c")
            guard count > 0 else { return }
            line(".p50", Self.quantile(0.5, new, value.bounds), "g")
            line(".p99", Self.quantile(0.99, new, value.bounds), "g")
        }
    }

    private func place(_ values: [String], _ names: [String]) -> (path: String, tags: String) {
        switch dialect {
        case .statsd: (values.map { "." + Self.safe($0.isEmpty ? "none" : $0) }.joined(), "")
        case .dogstatsd:
            (
                "",
                values.isEmpty
                    ? "" : "|#" + zip(names, values).map { "\($0):\(Self.safe($1))" }.joined(separator: ",")
            )
        }
    }

    /// Letters, digits, `_`, `-` and what is beyond ASCII; others, which could end a line or a field, as `_`.
    static func safe(_ text: String) -> String {
        var result = ""
        var bytes = 0
        for scalar in text.unicodeScalars {
            bytes += UTF8.width(scalar)
            guard bytes <= 200 else { break }
            let isSafe =
                scalar.isASCII
                ? scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) || scalar == "_" || scalar == "-"
                : scalar.properties.isAlphabetic
            result.unicodeScalars.append(isSafe ? scalar : "_")
        }
        return result
    }

    /// Linear within a bucket; the last bound for what is beyond it.
    static func quantile(_ q: Double, _ counts: [UInt64], _ bounds: [Double]) -> Double {
        let rank = q * Double(counts.reduce(0, &+))
        var seen = 0.0
        for (index, count) in counts.enumerated() where count > 0 {
            guard seen + Double(count) < rank else {
                guard index < bounds.count else { break }
                let lower = index > 0 ? bounds[index - 1] : 0
                return lower + (bounds[index] - lower) * (rank - seen) / Double(count)
            }
            seen += Double(count)
        }
        return bounds.last ?? 0
    }

    /// Joins lines to datagrams.
    private struct Packer {
        private var done: [[UInt8]] = []
        private var open: [UInt8] = []

        mutating func add(_ line: String) {
            let bytes = line.utf8
            guard bytes.count <= StatsDEncoder.maximumDatagram else { return }
            if !open.isEmpty, open.count + 1 + bytes.count > StatsDEncoder.maximumDatagram {
                done.append(open)
                open = []
            }
            if !open.isEmpty { open.append(0x0A) }
            open.append(contentsOf: bytes)
        }

        mutating func finish() -> [[UInt8]] {
            if !open.isEmpty { done.append(open) }
            open = []
            return done
        }
    }
}
