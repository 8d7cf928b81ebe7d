// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
import Synchronization

/// A monitoring store that lives as long as the process: for tests, and for homes that cannot be written.
package final class InMemoryMonitoringStore: MonitoringStore {
    private struct WindowKey: Hashable {
        let endpoint: String
        let version: VersionID
        let replica: String
        let startedAt: Timestamp
    }

    private struct TallyKey: Hashable {
        let endpoint: String
        let kind: StoredTally.Kind
        let writer: String
    }

    private struct AlertKey: Hashable {
        let fingerprint: String
        let startedAt: Timestamp
    }

    private struct Lease {
        let holder: String
        let end: Timestamp
    }

    private struct State {
        var profiles: [VersionID: ReferenceProfile] = [:]
        var windows: [WindowKey: StoredWindow] = [:]
        var tallies: [TallyKey: StoredTally] = [:]
        var alerts: [AlertKey: Alert] = [:]
        var decisions: [GuardDecision] = []
        var silences: [String: Silence] = [:]
        var leases: [String: Lease] = [:]
        var handed: [HandedFeedback] = []
    }

    private let state = Mutex(State())

    package init() {}

    package func profile(of version: VersionID) async throws -> ReferenceProfile? {
        state.withLock { $0.profiles[version] }
    }

    package func save(_ profile: ReferenceProfile, of version: VersionID) async throws {
        state.withLock { state in
            if !profile.isProvisional || state.profiles[version] == nil { state.profiles[version] = profile }
        }
    }

    package func save(_ windows: [StoredWindow]) async throws {
        state.withLock { state in
            for window in windows {
                let key = WindowKey(
                    endpoint: window.endpoint, version: window.version, replica: window.replica,
                    startedAt: window.startedAt)
                state.windows[key] = window
            }
        }
    }

    package func windows(of endpoint: String, since: Timestamp) async throws -> [StoredWindow] {
        let found = state.withLock { $0.windows.values.filter { $0.endpoint == endpoint && $0.endedAt > since } }
        let newest = Dictionary(grouping: found) { "\($0.version) \($0.replica)" }.values.flatMap { parts in
            parts.sorted { $0.startedAt > $1.startedAt }.prefix(StoredWindow.maximumParts)
        }
        return newest.sorted {
            ($0.startedAt, $0.version, $0.replica) < ($1.startedAt, $1.version, $1.replica)
        }
    }

    package func deleteWindows(endedBefore instant: Timestamp) async throws {
        state.withLock { state in state.windows = state.windows.filter { $0.value.endedAt >= instant } }
    }

    package func save(_ tallies: [StoredTally]) async throws {
        state.withLock { state in
            for tally in tallies {
                state.tallies[TallyKey(endpoint: tally.endpoint, kind: tally.kind, writer: tally.writer)] = tally
            }
        }
    }

    package func tallies(
        _ kind: StoredTally.Kind, of endpoint: String?, since: Timestamp
    ) async throws -> [StoredTally] {
        let found = state.withLock { state in
            state.tallies.values.filter {
                $0.kind == kind && (endpoint == nil || $0.endpoint == endpoint) && $0.at > since
            }
        }
        let newest = Dictionary(grouping: found, by: \.endpoint).values.flatMap { tallies in
            tallies.sorted { ($1.at, $0.writer) < ($0.at, $1.writer) }.prefix(StoredTally.maximumWriters)
        }
        return newest.sorted { ($1.at, $0.endpoint, $0.writer) < ($0.at, $1.endpoint, $1.writer) }
    }

    package func deleteTallies(_ kind: StoredTally.Kind, countedBefore instant: Timestamp) async throws {
        state.withLock { state in
            state.tallies = state.tallies.filter { $0.key.kind != kind || $0.value.at >= instant }
        }
    }

    package func begin(_ alerts: [Alert]) async throws -> [Alert] {
        state.withLock { state in
            alerts.map { alert in
                let known = state.alerts.values.filter {
                    $0.fingerprint == alert.fingerprint && $0.state == .firing
                }
                if let standing = known.min(by: { $0.startedAt < $1.startedAt }) { return standing }
                state.alerts[AlertKey(fingerprint: alert.fingerprint, startedAt: alert.startedAt)] = alert
                return alert
            }
        }
    }

    package func save(_ alerts: [Alert]) async throws {
        state.withLock { state in
            for alert in alerts {
                state.alerts[AlertKey(fingerprint: alert.fingerprint, startedAt: alert.startedAt)] = alert
            }
        }
    }

    package func deleteAlerts(startedBefore instant: Timestamp) async throws {
        state.withLock { state in
            state.alerts = state.alerts.filter { $0.value.state != .resolved || $0.value.startedAt >= instant }
        }
    }

    package func alerts(of endpoint: String?, state wanted: Alert.State?, limit: Int) async throws -> [Alert] {
        let all = state.withLock { Array($0.alerts.values) }
        let found = all.filter { alert in
            (endpoint == nil || alert.key.endpoint == endpoint) && (wanted == nil || alert.state == wanted)
        }
        let sorted = found.sorted { one, other in
            one.startedAt == other.startedAt ? one.fingerprint < other.fingerprint : one.startedAt > other.startedAt
        }
        return Array(sorted.prefix(max(0, limit)))
    }

    package func append(_ decision: GuardDecision) async throws { state.withLock { $0.decisions.append(decision) } }

    package func decisions(of endpoint: String?, limit: Int) async throws -> [GuardDecision] {
        let all = state.withLock { $0.decisions }
        return Array(all.reversed().filter { endpoint == nil || $0.endpoint == endpoint }.prefix(max(0, limit)))
    }

    package func silences() async throws -> [Silence] {
        state.withLock { Array($0.silences.values) }.sorted { ($0.until, $0.id) < ($1.until, $1.id) }
    }

    package func save(_ silence: Silence) async throws { state.withLock { $0.silences[silence.id] = silence } }

    package func deleteSilence(_ id: String) async throws { state.withLock { $0.silences[id] = nil } }

    package func handOver(_ feedback: [HandedFeedback]) async throws -> Int {
        state.withLock { state in
            let taken = feedback.prefix(max(0, HandedFeedback.maximumCount - state.handed.count))
            state.handed += taken
            return taken.count
        }
    }

    package func handedOver(to endpoint: String, limit: Int) async throws -> [HandedFeedback] {
        let found = state.withLock { $0.handed.filter { $0.endpoint == endpoint } }
        return Array(found.sorted { ($0.at, $0.id) < ($1.at, $1.id) }.prefix(max(0, limit)))
    }

    package func deleteHandedOver(_ ids: [String]) async throws {
        let ids = Set(ids)
        state.withLock { $0.handed.removeAll { ids.contains($0.id) } }
    }

    package func acquireLease(
        _ name: String, holder: String, now: Timestamp, duration: Duration
    ) async throws -> Bool {
        let (seconds, attoseconds) = duration.components
        let length = min(max(seconds, 0), 1 << 40) * 1000 + attoseconds / 1_000_000_000_000_000
        return state.withLock { state in
            if let lease = state.leases[name], lease.holder != holder, lease.end > now { return false }
            state.leases[name] = Lease(holder: holder, end: Timestamp(milliseconds: now.milliseconds + length))
            return true
        }
    }
}
