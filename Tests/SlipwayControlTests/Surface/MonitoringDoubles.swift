// SPDX-License-Identifier: Apache-2.0

import SlipwayControl
import SlipwayCore
import SlipwayMonitoring
import Synchronization

/// What monitoring keeps, in memory.
final class MemoryMonitoringStore: MonitoringStore {
    private struct State {
        var profiles: [VersionID: ReferenceProfile] = [:]
        var alerts: [Alert] = []
        var silences: [Silence] = []
    }

    private let state = Mutex(State())

    func profile(of version: VersionID) async throws -> ReferenceProfile? { state.withLock { $0.profiles[version] } }
    func save(_ profile: ReferenceProfile, of version: VersionID) async throws {
        state.withLock { $0.profiles[version] = profile }
    }
    func save(_ windows: [StoredWindow]) async throws {}
    func windows(of endpoint: String, since: Timestamp) async throws -> [StoredWindow] { [] }
    func deleteWindows(endedBefore instant: Timestamp) async throws {}
    func save(_ alerts: [Alert]) async throws { state.withLock { $0.alerts += alerts } }
    func alerts(of endpoint: String?, state wanted: Alert.State?, limit: Int) async throws -> [Alert] {
        Array(
            state.withLock { state in
                state.alerts.filter {
                    (endpoint == nil || $0.key.endpoint == endpoint) && (wanted == nil || $0.state == wanted)
                }
            }.prefix(limit))
    }
    func append(_ decision: GuardDecision) async throws {}
    func decisions(of endpoint: String?, limit: Int) async throws -> [GuardDecision] { [] }
    func silences() async throws -> [Silence] { state.withLock { $0.silences } }
    func save(_ silence: Silence) async throws { state.withLock { $0.silences.append(silence) } }
    func deleteSilence(_ id: String) async throws { state.withLock { $0.silences.removeAll { $0.id == id } } }
    func acquireLease(_ name: String, holder: String, now: Timestamp, duration: Duration) async throws -> Bool { true }
}

/// A serving process that says what it was told to.
final class ScriptedMonitor: LiveMonitor {
    let report: SignalReport
    let events = EventRing(startedAt: Timestamp(milliseconds: 0))
    private let results: @Sendable (Feedback) -> FeedbackResult
    private let counted = Mutex(0)

    /// How often profiles or silences were to be read again.
    var refreshes: Int { counted.withLock { $0 } }

    init(
        report: SignalReport = SignalReport(at: Timestamp(milliseconds: 5)),
        results: @escaping @Sendable (Feedback) -> FeedbackResult = { _ in .joined }
    ) {
        self.report = report
        self.results = results
    }

    func history(of endpoint: String) -> [SignalKey: [Double]] {
        Dictionary(uniqueKeysWithValues: report.readings.keys.map { ($0, [1, .nan]) })
    }
    func alerts(of endpoint: String) -> [Alert] { [] }
    func labelCounts(of endpoint: String) -> [String: Int] { ["waiting": 2] }
    func captureCounts(of endpoint: String) -> [String: Int] { [:] }
    func join(_ feedback: [Feedback], to endpoint: String) async throws -> [FeedbackResult] { feedback.map(results) }
    func refresh() async { counted.withLock { $0 += 1 } }
}
