// SPDX-License-Identifier: Apache-2.0

/// The formats in which metrics are shown.
package enum ExpositionFormat: Sendable, Hashable, CaseIterable {
    /// Prometheus text 0.0.4, with classic buckets.
    case text
    /// OpenMetrics text 1.0.0, with exemplars.
    case openMetrics
    /// Prometheus' protobuf, with native histograms and exemplars.
    case protobuf

    package var contentType: String {
        switch self {
        case .text: "text/plain; version=0.0.4; charset=utf-8"
        case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
        case .protobuf:
            "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
        }
    }

    /// The format that an `Accept` header asks for most; text where it names none that is known.
    ///
    /// Of equal wishes the first counts. At most 64 entries are looked at.
    package static func negotiate(accept: String?) -> ExpositionFormat {
        guard let accept else { return .text }
        var best: (format: ExpositionFormat, weight: Double)?
        for entry in accept.split(separator: ",", maxSplits: 64).prefix(64) {
            let parts = entry.split(separator: ";").map { trimmed($0).lowercased() }
            guard let type = parts.first, let format = format(type, Set(parts.dropFirst())) else { continue }
            let weight = parts.dropFirst().first { $0.hasPrefix("q=") }.map { Double($0.dropFirst(2)) ?? 0 } ?? 1
            if weight > 0, weight > best?.weight ?? 0 { best = (format, weight) }
        }
        return best?.format ?? .text
    }

    private static func format(_ type: String, _ parameters: Set<String>) -> ExpositionFormat? {
        let version = parameters.first { $0.hasPrefix("version=") }
        switch type {
        case "text/plain" where version == nil || version == "version=0.0.4": return .text
        case "text/*", "*/*": return .text
        case "application/openmetrics-text" where version == nil || version == "version=1.0.0": return .openMetrics
        case "application/vnd.google.protobuf"
        where parameters.contains("proto=io.prometheus.client.metricfamily")
            && parameters.contains("encoding=delimited"):
            return .protobuf
        default: return nil
        }
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text.drop { $0 == " " || $0 == "\t" }
        while text.last == " " || text.last == "\t" { text = text.dropLast() }
        return text
    }
}
