// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// How a log line is written.
package enum LogFormat: String, Sendable, Hashable, CaseIterable {
    /// `2026-11-21T12:00:00.250Z info slipway: listening http=127.0.0.1:8080`.
    case text
    /// One JSON object on a line.
    case json
    /// One JSON object on a line, with the names of the Elastic Common Schema 8.
    case ecs
}

/// Writes log records as lines. Whatever a record holds, the result is one line of printable characters: neither line
/// feeds nor control or direction characters get through, so that nobody can forge a record or repaint a terminal.
package enum LogEncoder {
    /// Bytes of a text after which the rest is left out; a line may have several such texts.
    package static let maximumText = 8192
    /// Entries of metadata, and elements of one of its lists or maps.
    package static let maximumEntries = 64
    static let maximumDepth = 4

    /// The line, its line feed included.
    package static func line(_ record: LogRecord, _ format: LogFormat) -> String {
        switch format {
        case .text: text(record) + "\n"
        case .json: json(record) + "\n"
        case .ecs: ecs(record) + "\n"
        }
    }

    private static func text(_ record: LogRecord) -> String {
        var line = "\(record.at) \(record.level.rawValue) \(LogText.word(record.logger)): "
        line += LogText.plain(record.message)
        if let error = record.error { line += " error=" + LogText.word(error) }
        for (name, value) in entries(record.metadata) { line += " \(LogText.word(name))=\(textValue(value))" }
        return line
    }

    private static func textValue(_ value: LogValue, depth: Int = 0) -> String {
        switch value {
        case .text(let text): return LogText.word(text)
        case .integer(let number): return String(number)
        case .list where depth >= maximumDepth: return "..."
        case .map where depth >= maximumDepth: return "..."
        case .list(let values):
            return "[" + values.prefix(maximumEntries).map { textValue($0, depth: depth + 1) }.joined(separator: ",")
                + "]"
        case .map(let values):
            return "{"
                + entries(values).map { LogText.word($0) + "=" + textValue($1, depth: depth + 1) }
                .joined(separator: ",") + "}"
        }
    }

    private static func json(_ record: LogRecord) -> String {
        var fields: [(String, LogValue)] = [
            ("time", .text(record.at.description)), ("level", .text(record.level.rawValue)),
            ("logger", .text(record.logger)), ("message", .text(record.message)),
        ]
        if let error = record.error { fields.append(("error", .text(error))) }
        var metadata = record.metadata
        if let request = metadata.removeValue(forKey: "request") { fields.append(("request_id", request)) }
        if let trace = metadata.removeValue(forKey: "trace") { fields.append(("trace_id", trace)) }
        if !metadata.isEmpty { fields.append(("metadata", .map(metadata))) }
        return object(fields)
    }

    private static func ecs(_ record: LogRecord) -> String {
        var fields: [(String, LogValue)] = [
            ("@timestamp", .text(record.at.description)), ("log.level", .text(record.level.rawValue)),
            ("message", .text(record.message)), ("ecs.version", .text("8.11.0")),
            ("log.logger", .text(record.logger)), ("service.name", .text("slipway")),
        ]
        if let error = record.error { fields.append(("error.message", .text(error))) }
        var metadata = record.metadata
        if let request = metadata.removeValue(forKey: "request") { fields.append(("http.request.id", request)) }
        if let trace = metadata.removeValue(forKey: "trace") { fields.append(("trace.id", trace)) }
        // Labels are keywords: one value of one type each, whatever was logged under the name before.
        let labels = entries(metadata).map { ($0, LogValue.text(plainText($1))) }
        if !labels.isEmpty { fields.append(("labels", .map(Dictionary(labels) { first, _ in first }))) }
        return object(fields)
    }

    private static func plainText(_ value: LogValue) -> String {
        if case .text(let text) = value { text } else { textValue(value) }
    }

    private static func object(_ fields: [(String, LogValue)], depth: Int = 0) -> String {
        "{" + fields.map { LogText.quoted($0) + ":" + jsonValue($1, depth: depth) }.joined(separator: ",") + "}"
    }

    private static func jsonValue(_ value: LogValue, depth: Int) -> String {
        switch value {
        case .text(let text): return LogText.quoted(text)
        case .integer(let number): return String(number)
        case .list where depth >= maximumDepth: return "\"...\""
        case .map where depth >= maximumDepth: return "\"...\""
        case .list(let values):
            return "[" + values.prefix(maximumEntries).map { jsonValue($0, depth: depth + 1) }.joined(separator: ",")
                + "]"
        case .map(let values): return object(entries(values), depth: depth + 1)
        }
    }

    /// In the order of their names, so many at most.
    private static func entries(_ values: [String: LogValue]) -> [(String, LogValue)] {
        values.sorted { $0.key < $1.key }.prefix(maximumEntries).map { ($0.key, $0.value) }
    }
}
