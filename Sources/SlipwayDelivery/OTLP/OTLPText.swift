// SPDX-License-Identifier: Apache-2.0

import SlipwayMonitoring

/// The pieces of OTLP's JSON encoding: ids in hexadecimal, 64-bit numbers as texts.
enum OTLPText {
    /// Attributes that say whose telemetry it is.
    static func resource(_ attributes: [(String, String)]) -> String {
        "{\"attributes\":[" + attributes.map { attribute($0, .text($1)) }.joined(separator: ",") + "]}"
    }

    static let scope = #"{"name":"slipway"}"#

    static func attribute(_ name: String, _ value: LogValue) -> String {
        "{\"key\":\(LogText.quoted(name)),\"value\":\(self.value(value, depth: 0))}"
    }

    static func value(_ value: LogValue, depth: Int = 0) -> String {
        switch value {
        case .text(let text): return "{\"stringValue\":\(LogText.quoted(text))}"
        case .integer(let number): return "{\"intValue\":\"\(number)\"}"
        case .list where depth >= 4: return #"{"stringValue":"..."}"#
        case .map where depth >= 4: return #"{"stringValue":"..."}"#
        case .list(let values):
            let inner = values.prefix(LogEncoder.maximumEntries).map { self.value($0, depth: depth + 1) }
            return "{\"arrayValue\":{\"values\":[" + inner.joined(separator: ",") + "]}}"
        case .map(let values):
            let inner = values.sorted { $0.key < $1.key }.prefix(LogEncoder.maximumEntries).map {
                "{\"key\":\(LogText.quoted($0.key)),\"value\":\(self.value($0.value, depth: depth + 1))}"
            }
            return "{\"kvlistValue\":{\"values\":[" + inner.joined(separator: ",") + "]}}"
        }
    }

    /// A finite number; others have no place in JSON.
    static func number(_ value: Double) -> String? {
        guard value.isFinite else { return nil }
        return Int64(exactly: value).map(String.init) ?? String(value)
    }
}
