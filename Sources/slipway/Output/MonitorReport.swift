// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayWire

/// What `slipway monitor show` prints: alerts first, then a table for each version.
struct MonitorReport {
    /// Clears a terminal and goes to its upper left corner; nothing where the output is none.
    static var clear: String { Console.isOutputTerminal ? "\u{1B}[H\u{1B}[2J" : "" }

    /// Subjects shown of one signal, those that stand out most.
    private static let shownSubjects = 8

    private let monitors: MonitorsDTO
    private let showsAll: Bool

    init(_ monitors: MonitorsDTO, showsAll: Bool) {
        self.monitors = monitors
        self.showsAll = showsAll
    }

    var text: String {
        var parts = [head]
        if !monitors.alerts.isEmpty { parts.append(monitors.alerts.map(Self.line).joined(separator: "\n")) }
        for version in monitors.versions {
            let readings = monitors.readings.filter { $0.version == version.version }
            let profile =
                version.profileRows.map {
                    "\(version.isProvisional ? "provisional " : "")profile of \($0) rows"
                } ?? "no profile"
            let title = "\(version.version)  \(version.route)  \(profile)"
            parts.append(readings.isEmpty ? title + "\n  nothing measured yet" : title + "\n" + table(readings))
        }
        let rest = monitors.readings.filter { reading in
            !monitors.versions.contains { $0.version == reading.version }
        }
        if !rest.isEmpty { parts.append("everything\n" + table(rest)) }
        return parts.joined(separator: "\n\n")
    }

    private var head: String {
        let labels = ["waiting", "joined", "late", "unknown", "duplicate", "invalid"].compactMap { name in
            monitors.labels[name].flatMap { $0 > 0 ? "\($0) \(name)" : nil }
        }
        let told = labels.isEmpty ? "" : "  labels: " + labels.joined(separator: ", ")
        return "\(monitors.endpoint)  \(monitors.at)\(told)"
    }

    private func table(_ readings: [ReadingDTO]) -> String {
        var table = TextTable("", "SIGNAL", "SUBJECT", "VALUE", "REFERENCE", "P", "N", "LATELY")
        var hidden = 0
        for group in grouped(readings) {
            let shown = showsAll ? group : Array(group.prefix(Self.shownSubjects))
            hidden += group.count - shown.count
            for reading in shown {
                let margin = reading.margin.map { " ±\(ValueText.of($0))" } ?? ""
                table.add(
                    isAlerted(reading) ? "!" : "", reading.signal, Console.plain(reading.subject ?? ""),
                    ValueText.of(reading.value) + margin, ValueText.of(reading.reference),
                    ValueText.of(reading.pValue), "\(reading.samples)", ValueText.sparkline(reading.history ?? []))
            }
        }
        var lines = table.text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            line.hasPrefix("!") ? "  " + Console.coloured(String(line), .red) : "  " + line
        }
        if hidden > 0 { lines.append("  and \(hidden) more: --all shows them") }
        return lines.joined(separator: "\n")
    }

    /// Readings of one signal together, those that stand out first.
    private func grouped(_ readings: [ReadingDTO]) -> [[ReadingDTO]] {
        var order: [String] = []
        var groups: [String: [ReadingDTO]] = [:]
        for reading in readings {
            if groups[reading.signal] == nil { order.append(reading.signal) }
            groups[reading.signal, default: []].append(reading)
        }
        return order.map { signal in
            (groups[signal] ?? []).sorted { left, right in
                let (leftAlerts, rightAlerts) = (isAlerted(left), isAlerted(right))
                guard leftAlerts == rightAlerts else { return leftAlerts }
                guard left.value != right.value else { return (left.subject ?? "") < (right.subject ?? "") }
                return (left.value ?? -.infinity) > (right.value ?? -.infinity)
            }
        }
    }

    private func isAlerted(_ reading: ReadingDTO) -> Bool {
        monitors.alerts.contains { alert in
            alert.state == "firing" && alert.reading.signal == reading.signal
                && alert.reading.subject == reading.subject && alert.reading.version == reading.version
        }
    }

    static func line(_ alert: AlertDTO) -> String {
        let state = alert.isSilenced ? "\(alert.state), silenced" : alert.state
        let text =
            "\(alert.startedAt)  \(alert.severity.rawValue) \(state)  \(alert.endpoint) \(alert.rule): "
            + Console.plain(alert.summary)
        return alert.state == "firing" ? Console.coloured(text, .red) : text
    }
}
