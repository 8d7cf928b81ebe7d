// SPDX-License-Identifier: Apache-2.0

extension MetricsRegistry {
    /// All metrics in the Prometheus text format 0.0.4.
    package func exposition() -> String { TextExposition.write(families()) }

    /// All metrics in one of the formats. Takes tens of milliseconds with hundreds of series: not on an event loop.
    package func exposition(_ format: ExpositionFormat) -> [UInt8] {
        Self.write(families(isNative: format == .protobuf), format)
    }

    /// What a scraper's `Accept` header asks for, and its content type.
    package func exposition(accept: String?) -> (contentType: String, body: [UInt8]) {
        let format = ExpositionFormat.negotiate(accept: accept)
        return (format.contentType, exposition(format))
    }

    /// The compatibility page: metrics of other servers' names alone, in the Prometheus text format 0.0.4.
    package func compatibilityPage(_ names: CompatibilityNames) -> String {
        TextExposition.write(compatibilityFamilies(names))
    }

    static func write(_ families: [MetricFamily], _ format: ExpositionFormat) -> [UInt8] {
        switch format {
        case .text: Array(TextExposition.write(families).utf8)
        case .openMetrics: Array(OpenMetricsExposition.write(families).utf8)
        case .protobuf: ProtobufExposition.write(families)
        }
    }
}
