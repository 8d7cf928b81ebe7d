// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// Decides when alerts are told, and which together.
///
/// The first alert of a group is told at once; what follows within a minute is told together at its end. That all are
/// over is told at once too. Alerts that stay are told again after four hours, and a minute after a restart. What fires
/// and ends between two notices is in the records only.
struct NoticeBoard: Sendable {
    struct GroupKey: Sendable, Hashable {
        var endpoint: String
        var rule: String
    }

    private struct Group: Sendable {
        var lastMs: Int64?
        var fired: [String: Alert] = [:]
        var ended: [String: Alert] = [:]
        /// Fingerprints that were told as firing, and when the alert began.
        var told: [String: Timestamp] = [:]

        var isEmpty: Bool { fired.isEmpty && ended.isEmpty && told.isEmpty }
        /// Whether only ends are left to tell.
        var isOver: Bool { fired.isEmpty && told.isEmpty && !ended.isEmpty }
    }

    static let groupIntervalMs: Int64 = 60_000
    static let repeatIntervalMs: Int64 = 4 * 3_600_000

    private var groups: [GroupKey: Group] = [:]

    private static func key(_ alert: Alert) -> GroupKey { GroupKey(endpoint: alert.key.endpoint, rule: alert.rule) }

    /// An alert that was told before a restart.
    mutating func restore(_ alert: Alert) {
        groups[Self.key(alert), default: Group()].told[alert.fingerprint] = alert.startedAt
    }

    /// An alert fires; called at every look.
    mutating func firing(_ alert: Alert) {
        let (key, name) = (Self.key(alert), alert.fingerprint)
        guard !alert.isSilenced else {
            groups[key]?.fired[name] = nil
            return
        }
        guard groups[key]?.told[name] == nil || groups[key]?.fired[name] != nil else { return }
        if groups[key]?.ended.removeValue(forKey: name) != nil {
            // Its end was not told yet: whoever was told that it fires is right again.
            groups[key]?.told[name] = alert.startedAt
            return
        }
        groups[key, default: Group()].fired[name] = alert
    }

    /// An alert is over: told where its beginning was.
    mutating func ended(_ alert: Alert) {
        let (key, name) = (Self.key(alert), alert.fingerprint)
        groups[key]?.fired[name] = nil
        if groups[key]?.told.removeValue(forKey: name) != nil { groups[key]?.ended[name] = alert }
    }

    /// The notices that are due.
    ///
    /// - Parameters:
    ///   - nowMs: On a clock that never steps back.
    ///   - firing: Every alert that fires, for those that are told again.
    mutating func due(nowMs: Int64, at: Timestamp, firing: [Alert]) -> [AlertNotice] {
        var notices: [AlertNotice] = []
        let repeats = Dictionary(grouping: firing, by: Self.key)
        for key in groups.keys.sorted(by: { ($0.endpoint, $0.rule) < ($1.endpoint, $1.rule) }) {
            guard var group = groups[key] else { continue }
            let last = group.lastMs ?? nowMs
            var alerts: [Alert] = []
            if !group.fired.isEmpty || !group.ended.isEmpty {
                let isDue = group.lastMs == nil || group.isOver || nowMs - last >= Self.groupIntervalMs
                guard isDue else { continue }
                alerts = Self.sorted(Array(group.fired.values)) + Self.sorted(Array(group.ended.values))
            } else if nowMs - last >= Self.repeatIntervalMs {
                alerts = Self.sorted((repeats[key] ?? []).filter { !$0.isSilenced })
            }
            if let severity = alerts.first?.severity {
                notices.append(
                    AlertNotice(endpoint: key.endpoint, rule: key.rule, severity: severity, alerts: alerts, at: at))
                for (name, alert) in group.fired { group.told[name] = alert.startedAt }
                group.fired = [:]
                group.ended = [:]
                group.lastMs = nowMs
            } else if group.lastMs == nil {
                // Restored: nobody knows when it was told last, so it is told again within a minute, before whoever
                // keeps it takes it for ended.
                group.lastMs = nowMs - Self.repeatIntervalMs + Self.groupIntervalMs
            }
            let isForgotten = group.isEmpty && nowMs - (group.lastMs ?? nowMs) >= Self.groupIntervalMs
            groups[key] = isForgotten ? nil : group
        }
        return notices
    }

    private static func sorted(_ alerts: [Alert]) -> [Alert] {
        alerts.sorted { left, right in
            let (one, other) = (left.key, right.key)
            if one.version != other.version {
                guard let a = one.version, let b = other.version else { return one.version == nil }
                return a < b
            }
            return (one.subject ?? "", left.fingerprint) < (other.subject ?? "", right.fingerprint)
        }
    }
}
