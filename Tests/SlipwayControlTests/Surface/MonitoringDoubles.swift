// SPDX-License-Identifier: Apache-2.0

import SlipwayControl
import SlipwayCore
import SlipwayMonitoring
import Synchronization

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
