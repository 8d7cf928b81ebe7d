// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
package import SlipwayMonitoring

/// Spans and log records as OTLP's JSON.
package struct OTLPRecords: Sendable {
    private let resource: String

    /// - Parameter resource: Attributes that say whose records they are: `service.name`, `service.instance.id`.
    package init(resource: [(String, String)]) { self.resource = OTLPText.resource(resource) }

    /// A body for `/v1/traces`.
    package func body(_ spans: [Span]) -> [UInt8] {
        body("resourceSpans", "scopeSpans", "spans", spans.map(Self.text))
    }

    /// A body for `/v1/logs`.
    package func body(_ records: [LogRecord]) -> [UInt8] {
        body("resourceLogs", "scopeLogs", "logRecords", records.map(Self.text))
    }

    private func body(_ outer: String, _ middle: String, _ inner: String, _ items: [String]) -> [UInt8] {
        Array(
            ("{\"\(outer)\":[{\"resource\":\(resource),\"\(middle)\":[{\"scope\":\(OTLPText.scope),\"\(inner)\":["
                + items.joined(separator: ",") + "]}]}]}").utf8)
    }

    private static func text(_ span: Span) -> String {
        var text = "{\"traceId\":\"\(span.trace.traceID)\",\"spanId\":\"\(span.spanID.hexadecimal)\","
        if let parent = span.parentSpanID { text += "\"parentSpanId\":\"\(parent.hexadecimal)\"," }
        text += "\"name\":\(LogText.quoted(span.name)),\"kind\":\(span.kind.rawValue),"
        text += "\"startTimeUnixNano\":\"\(span.start)\",\"endTimeUnixNano\":\"\(span.end)\","
        text +=
            "\"attributes\":["
            + span.attributes.map { OTLPText.attribute($0.name, $0.value) }
            .joined(separator: ",") + "],"
        // 1 is ok, 2 is an error.
        if let failure = span.failure {
            text += "\"status\":{\"code\":2,\"message\":\(LogText.quoted(failure.rawValue))}}"
        } else {
            text += "\"status\":{\"code\":1}}"
        }
        return text
    }

    private static func text(_ record: LogRecord) -> String {
        var metadata = record.metadata
        let trace = metadata["trace"]
        var text = "{\"timeUnixNano\":\"\(OTLPMetrics.nanoseconds(record.at))\","
        text += "\"severityNumber\":\(severity(record.level)),\"severityText\":\"\(record.level.rawValue)\","
        text += "\"body\":\(OTLPText.value(.text(record.message))),"
        // Only what is a trace id may stand where one belongs.
        if case .text(let id)? = trace, id.utf8.count == 32, id.utf8.allSatisfy(isHexadecimal) {
            metadata["trace"] = nil
            text += "\"traceId\":\"\(id)\","
        }
        metadata["logger"] = .text(record.logger)
        if let error = record.error { metadata["exception.message"] = .text(error) }
        let attributes = metadata.sorted { $0.key < $1.key }.prefix(LogEncoder.maximumEntries)
            .map { OTLPText.attribute($0.key == "request" ? "http.request.id" : $0.key, $0.value) }
        return text + "\"attributes\":[" + attributes.joined(separator: ",") + "]}"
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
    }

    private static func severity(_ level: LogRecord.Level) -> Int {
        switch level {
        case .trace: 1
        case .debug: 5
        case .info: 9
        case .notice: 10
        case .warning: 13
        case .error: 17
        case .critical: 21
        }
    }
}
