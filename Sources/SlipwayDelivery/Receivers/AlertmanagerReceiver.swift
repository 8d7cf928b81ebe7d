// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
package import SlipwayMonitoring

/// Posts alerts to an Alertmanager of Prometheus: API v2, `POST /api/v2/alerts`.
///
/// Alertmanager ends alerts that nobody repeats. Those that fire therefore say that they end in five hours, which is
/// longer than it takes until they are told again; those that are resolved say when they ended.
package struct AlertmanagerReceiver: AlertReceiver {
    struct Item: Encodable, Sendable {
        let labels: [String: String]
        let annotations: [String: String]
        let startsAt: Timestamp
        let endsAt: Timestamp
        let generatorURL: String?
    }

    /// Alerts of one call.
    static let batch = 200
    private static let firesForMs: Int64 = 5 * 3_600_000

    package let name: String
    private let poster: HTTPPoster
    private let token: String?
    private let dashboard: String?

    /// - Parameters:
    ///   - url: The Alertmanager's address, with the path in front of `/api/v2` if a proxy adds one.
    ///   - token: Sent as a bearer token.
    ///   - dashboard: Where people see the alert: the address of the admin listener.
    /// - Throws: ``DeliveryError`` `invalidSettings`.
    package init(name: String, url: String, token: String? = nil, dashboard: String? = nil) throws(DeliveryError) {
        self.name = name
        var base = url[...]
        while base.hasSuffix("/") { base = base.dropLast() }
        poster = try HTTPPoster(url: base + "/api/v2/alerts")
        self.token = token
        self.dashboard = dashboard
    }

    package func deliver(_ notice: AlertNotice, deadline: Duration) async throws {
        let items = items(of: notice)
        let end = ContinuousClock.now + deadline
        let headers = token.map { [(name: "authorization", value: "Bearer \($0)")] } ?? []
        for start in stride(from: 0, to: items.count, by: Self.batch) {
            let body = try JSONBytes.encode(Array(items[start..<min(start + Self.batch, items.count)]))
            try await poster.post(body, headers: headers, deadline: max(.zero, end - ContinuousClock.now))
        }
    }

    func items(of notice: AlertNotice) -> [Item] {
        notice.alerts.map { alert in
            // What names an alert must stay the same until it is over.
            var labels = [
                "alertname": alert.rule, "severity": alert.severity.rawValue, "endpoint": alert.key.endpoint,
                "signal": alert.key.kind.rawValue, "fingerprint": alert.fingerprint, "job": "slipway",
            ]
            if let version = alert.key.version { labels["model_version"] = "\(version)" }
            if let subject = alert.key.subject { labels["subject"] = subject }
            var annotations = ["summary": alert.summary, "method": alert.reading.method]
            annotations["description"] = alert.reading.explanation
            if !alert.reading.examples.isEmpty {
                annotations["examples"] = alert.reading.examples.joined(separator: ", ")
            }
            let start = alert.firedAt ?? alert.startedAt
            let end =
                (alert.state == .resolved ? alert.endedAt : nil)
                ?? Timestamp(milliseconds: notice.at.milliseconds + Self.firesForMs)
            return Item(
                labels: labels.filter { !$0.value.isEmpty }, annotations: annotations,
                startsAt: start,
                // A clock that stepped back must not make it end before it began: that is refused.
                endsAt: max(end, start),
                generatorURL: dashboard)
        }
    }
}
