// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
package import SlipwayMonitoring
import Synchronization

/// A receiver and what it is asked for.
package struct DeliveryReceiver: Sendable {
    package var receiver: any AlertReceiver
    /// Notices below it are not delivered.
    package var minimumSeverity: AlertRule.Severity
    /// Of one attempt.
    package var deadline: Duration
    /// Whether notices that name no receiver go to it too; those that retrain are only called by name.
    package var takesUnnamed: Bool

    package init(
        _ receiver: any AlertReceiver, minimumSeverity: AlertRule.Severity = .info, deadline: Duration = .seconds(10),
        takesUnnamed: Bool = true
    ) {
        self.receiver = receiver
        self.minimumSeverity = minimumSeverity
        self.deadline = deadline
        self.takesUnnamed = takesUnnamed
    }
}

/// What became of the notices for one receiver.
package struct DeliveryCounts: Sendable, Hashable {
    package var receiver: String
    package var offered = 0
    package var delivered = 0
    /// Attempts that failed and were made again.
    package var retried = 0
    /// Given up: refused, or too old, or tried too often.
    package var failed = 0
    /// The queue was full: the oldest went.
    package var dropped = 0
    /// Waiting now, the one under way included.
    package var waiting = 0
    /// What the last failure said.
    package var lastFailure: String?
}

/// Delivers notices, each receiver by itself: one that hangs or refuses delays no other, and nobody else at all.
package final class DeliveryQueue: Sendable {
    private let lanes: [DeliveryLane]

    /// - Parameters:
    ///   - capacity: Notices that wait for each receiver; the oldest make way for new ones.
    ///   - sleep: Waits between attempts.
    ///   - random: 0 to 1, for the waits.
    ///   - warn: Told why a notice is given up, of each receiver once a minute at most.
    package init(
        receivers: [DeliveryReceiver], capacity: Int = 256, plan: RetryPlan = RetryPlan(),
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) },
        random: @escaping @Sendable () -> Double = { Double.random(in: 0...1) },
        warn: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        lanes = receivers.map {
            DeliveryLane($0, capacity: max(1, capacity), plan: plan, sleep: sleep, random: random, warn: warn)
        }
    }

    package var names: [String] { lanes.map(\.name) }

    /// Takes a notice; never waits.
    ///
    /// - Parameter names: Of receivers; empty for all that take such.
    /// - Returns: The number of receivers that it goes to.
    @discardableResult
    package func offer(_ notice: AlertNotice, to names: [String] = []) -> Int {
        lanes.filter { $0.offer(notice, isNamed: names.contains($0.name), isUnnamed: names.isEmpty) }.count
    }

    /// Delivers until the task is cancelled; what waits then is given up.
    package func run() async {
        await withTaskGroup(of: Void.self) { group in
            for lane in lanes { group.addTask { await lane.run() } }
        }
    }

    /// Delivers what waits and returns when nothing does any more, or when the task is cancelled; beside ``run()``.
    package func drain(every pause: Duration = .milliseconds(20), limit: Duration) async {
        let end = ContinuousClock.now + limit
        while counts.contains(where: { $0.waiting > 0 }), ContinuousClock.now < end {
            do { try await Task.sleep(for: pause) } catch { return }
        }
    }

    package var counts: [DeliveryCounts] { lanes.map(\.counts) }
}
