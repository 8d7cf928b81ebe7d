// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import SlipwayCore
package import SlipwayMonitoring

/// A notice as the JSON that webhooks get.
package struct NoticePayload: Encodable, Sendable {
    /// An alert; `state` is `firing` or `resolved`.
    package struct Item: Encodable, Sendable {
        let fingerprint: String
        let state: String
        let signal: String
        let subject: String?
        let modelVersion: String?
        let value: Double?
        let threshold: Double?
        let reference: Double?
        let samples: Int
        let pValue: Double?
        let margin: Double?
        let method: String
        let startedAt: Timestamp
        let firedAt: Timestamp?
        let endedAt: Timestamp?
        let summary: String
        let explanation: String?
        let examples: [String]

        init(_ alert: Alert) {
            fingerprint = alert.fingerprint
            state = alert.state.rawValue
            signal = alert.key.kind.rawValue
            subject = alert.key.subject
            modelVersion = alert.key.version.map { "\($0)" }
            value = Self.finite(alert.reading.value)
            threshold = Self.finite(alert.threshold)
            reference = Self.finite(alert.reading.reference)
            samples = alert.reading.samples
            pValue = Self.finite(alert.reading.pValue)
            margin = Self.finite(alert.reading.margin)
            method = alert.reading.method
            startedAt = alert.startedAt
            firedAt = alert.firedAt
            endedAt = alert.endedAt
            summary = alert.summary
            explanation = alert.reading.explanation
            examples = alert.reading.examples
        }

        /// JSON has no other numbers.
        private static func finite(_ value: Double?) -> Double? { value.flatMap { $0.isFinite ? $0 : nil } }
    }

    /// The most alerts that are written out; the others are counted.
    package static let maximumAlerts = 500

    /// `alert`, or `retrain` when a model is to be trained again.
    let event: String
    let endpoint: String
    let rule: String
    let severity: String
    let at: Timestamp
    let alerts: [Item]
    let alertCount: Int
    /// Where the labelled data is, for `retrain`.
    let export: String?

    package init(_ notice: AlertNotice, event: String = "alert", export: String? = nil) {
        self.event = event
        endpoint = notice.endpoint
        rule = notice.rule
        severity = notice.severity.rawValue
        at = notice.at
        alerts = notice.alerts.prefix(Self.maximumAlerts).map(Item.init)
        alertCount = notice.alerts.count
        self.export = export
    }

    package func encode() throws(DeliveryError) -> [UInt8] { try JSONBytes.encode(self) }
}

/// JSON with its keys in order, so that the same value is always the same bytes.
enum JSONBytes {
    static func encode(_ value: some Encodable) throws(DeliveryError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return Array(try encoder.encode(value))
        } catch {
            throw DeliveryError(
                .invalidSettings, category: .internal, "a notice cannot be written as JSON", cause: error)
        }
    }
}
