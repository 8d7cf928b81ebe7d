// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayMonitoring

/// Notices for people.
enum NoticeText {
    /// Alerts that are written out.
    static let maximumAlerts = 20
    private static let longestLine = 600

    /// `[critical] drift on endpoint fraud: 3 firing, 1 resolved`.
    static func title(_ notice: AlertNotice) -> String {
        let firing = notice.alerts.filter { $0.state == .firing }.count
        let resolved = notice.alerts.filter { $0.state == .resolved }.count
        var parts: [String] = []
        if firing > 0 { parts.append("\(firing) firing") }
        if resolved > 0 { parts.append("\(resolved) resolved") }
        return oneLine(
            "[\(notice.severity.rawValue)] \(notice.rule) on endpoint \(notice.endpoint): "
                + parts.joined(separator: ", "))
    }

    /// One line for each alert.
    static func lines(_ notice: AlertNotice) -> [String] {
        var lines = notice.alerts.prefix(maximumAlerts).map { alert in
            oneLine("\(alert.state == .firing ? "firing" : "resolved"): \(alert.summary)")
        }
        if notice.alerts.count > maximumAlerts { lines.append("and \(notice.alerts.count - maximumAlerts) more") }
        return lines
    }

    /// Without control characters and those that show nothing or turn the direction of text, and not longer than a
    /// screen.
    static func oneLine(_ text: String) -> String {
        let scalars = text.unicodeScalars.prefix(longestLine).map { scalar -> Character in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator: " "
            default: Character(scalar)
            }
        }
        return String(scalars)
    }
}
