// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayMonitoring

/// Notices as rules make them.
enum Notices {
    static let at = Timestamp(milliseconds: 1_795_262_400_250)

    static func alert(
        _ subject: String? = "age", state: Alert.State = .firing, summary: String = "psi of 'age' is 0.4"
    ) -> Alert {
        let key = SignalKey(
            endpoint: "fraud", version: VersionID(model: "fraud", number: 4), kind: .psi, subject: subject)
        var alert = Alert(
            rule: "drift", severity: .warning, key: key, state: state,
            startedAt: Timestamp(milliseconds: at.milliseconds - 60_000),
            reading: SignalReading(
                value: 0.4, samples: 1200, pValue: 1e-9, method: "10 groups", explanation: "age: median 34 -> 51",
                examples: ["r-1", "r-2"]), threshold: 0.1, summary: summary)
        alert.firedAt = alert.startedAt
        if state == .resolved { alert.endedAt = at }
        return alert
    }

    static func notice(_ alerts: [Alert] = [alert()]) -> AlertNotice {
        AlertNotice(endpoint: "fraud", rule: "drift", severity: .warning, alerts: alerts, at: at)
    }
}
