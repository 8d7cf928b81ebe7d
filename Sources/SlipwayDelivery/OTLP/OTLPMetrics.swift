// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
package import SlipwayMonitoring

/// Metrics as OTLP's JSON: sums and histograms cumulative since the process started.
package struct OTLPMetrics: Sendable {
    /// Points of one body; about 200 bytes each, 2 KiB where they are histograms.
    static let pointsPerBody = 2000

    private let resource: String
    private let start: String

    /// - Parameters:
    ///   - resource: Attributes that say whose metrics they are: `service.name`, `service.instance.id`.
    ///   - start: When the process began to count.
    package init(resource: [(String, String)], start: Timestamp) {
        self.resource = OTLPText.resource(resource)
        self.start = Self.nanoseconds(start)
    }

    /// Bodies for `/v1/metrics`; none when there is nothing to tell.
    package func bodies(_ families: [MetricFamily], at now: Timestamp) -> [[UInt8]] {
        var bodies: [[UInt8]] = []
        var metrics: [String] = []
        var points = 0
        func close() {
            guard !metrics.isEmpty else { return }
            bodies.append(
                Array(
                    ("{\"resourceMetrics\":[{\"resource\":\(resource),\"scopeMetrics\":[{\"scope\":\(OTLPText.scope),"
                        + "\"metrics\":[" + metrics.joined(separator: ",") + "]}]}]}").utf8))
            metrics = []
            points = 0
        }
        for family in families {
            var rest = family.points[...]
            while !rest.isEmpty {
                let part = rest.prefix(max(1, Self.pointsPerBody - points))
                rest = rest.dropFirst(part.count)
                if let text = metric(family.metric, part, Self.nanoseconds(now)) { metrics.append(text) }
                points += part.count
                if points >= Self.pointsPerBody { close() }
            }
        }
        close()
        return bodies
    }

    private func metric(_ metric: MetricDescriptor, _ points: ArraySlice<MetricPoint>, _ now: String) -> String? {
        let times = "\"startTimeUnixNano\":\"\(start)\",\"timeUnixNano\":\"\(now)\""
        let texts = points.compactMap { point -> String? in
            let attributes = zip(metric.labels, point.labels).map { OTLPText.attribute($0, .text($1)) }
            let beginning = "{\"attributes\":[\(attributes.joined(separator: ","))],\(times),"
            switch point.value {
            case .number(let value): return OTLPText.number(value).map { beginning + "\"asDouble\":\($0)}" }
            case .histogram(let value): return Self.histogram(value).map { beginning + $0 + "}" }
            }
        }
        guard !texts.isEmpty else { return nil }
        let data = "\"dataPoints\":[\(texts.joined(separator: ","))]"
        let content =
            switch metric.kind {
            case .counter: "\"sum\":{\"aggregationTemporality\":2,\"isMonotonic\":true,\(data)}"
            case .gauge: "\"gauge\":{\(data)}"
            case .histogram: "\"histogram\":{\"aggregationTemporality\":2,\(data)}"
            }
        return "{\"name\":\(LogText.quoted(metric.name)),\"description\":\(LogText.quoted(metric.help)),"
            + "\"unit\":\"\(Self.unit(metric.unit))\",\(content)}"
    }

    private static func histogram(_ value: HistogramValue) -> String? {
        guard let sum = OTLPText.number(value.sum) else { return nil }
        let counts = value.separate.map { "\"\($0)\"" }.joined(separator: ",")
        let bounds = value.bounds.compactMap(OTLPText.number).joined(separator: ",")
        let exemplars = value.exemplars.compactMap { exemplar in
            OTLPText.number(exemplar.value).map { number in
                "{\"timeUnixNano\":\"\(nanoseconds(exemplar.at))\",\"asDouble\":\(number),"
                    + "\"traceId\":\"\(exemplar.trace.traceID)\",\"spanId\":\"\(exemplar.trace.spanIDText)\"}"
            }
        }
        return "\"count\":\"\(value.count)\",\"sum\":\(sum),\"bucketCounts\":[\(counts)],"
            + "\"explicitBounds\":[\(bounds)],\"exemplars\":[\(exemplars.joined(separator: ","))]"
    }

    /// UCUM's name of a unit; what it has none for in braces.
    private static func unit(_ unit: String) -> String {
        switch unit {
        case "seconds": "s"
        case "bytes": "By"
        case "microseconds": "us"
        case "none": "1"
        default: "{\(unit)}"
        }
    }

    static func nanoseconds(_ instant: Timestamp) -> String {
        let (count, overflow) = UInt64(clamping: instant.milliseconds).multipliedReportingOverflow(by: 1_000_000)
        return String(overflow ? .max : count)
    }
}
