// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayDelivery
import SlipwayMonitoring
import Synchronization
import Testing

/// Does with each notice what the test says, and remembers which it delivered.
private final class ScriptedReceiver: AlertReceiver {
    let name: String
    private let script: @Sendable (Int) async throws -> Void
    private let state = Mutex<(attempts: Int, delivered: [Int64])>((0, []))

    init(_ name: String, _ script: @escaping @Sendable (Int) async throws -> Void = { _ in }) {
        self.name = name
        self.script = script
    }

    var delivered: [Int64] { state.withLock { $0.delivered } }

    func deliver(_ notice: AlertNotice, deadline: Duration) async throws {
        let attempt = state.withLock { state in
            state.attempts += 1
            return state.attempts
        }
        try await script(attempt)
        state.withLock { $0.delivered.append(notice.at.milliseconds) }
    }
}

@Suite("Delivering notices")
struct DeliveryQueueTests {
    private static func notice(_ number: Int64, _ severity: AlertRule.Severity = .warning) -> AlertNotice {
        AlertNotice(
            endpoint: "e", rule: "r", severity: severity, alerts: [], at: Timestamp(milliseconds: number))
    }

    private static let unavailable = DeliveryError(.refused, category: .unavailable, "busy")
    private static let refused = DeliveryError(.refused, category: .invalidInput, "no")

    /// Runs the queue until nothing waits any more.
    private func run(_ queue: DeliveryQueue, until isDone: @escaping @Sendable () -> Bool = { true }) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await queue.run() }
            while !isDone() || queue.counts.contains(where: { $0.waiting > 0 }) { await Task.yield() }
            group.cancelAll()
        }
    }

    @Test("notices are delivered in order, once")
    func order() async {
        let receiver = ScriptedReceiver("a")
        let queue = DeliveryQueue(receivers: [DeliveryReceiver(receiver)])
        for number in 0..<20 { #expect(queue.offer(Self.notice(Int64(number))) == 1) }
        await run(queue)
        #expect(receiver.delivered == (0..<20).map(Int64.init))
        #expect(queue.counts.map(\.delivered) == [20] && queue.counts.map(\.failed) == [0])
    }

    @Test("a delivery that fails is tried again, with the waits of the plan")
    func retries() async {
        let receiver = ScriptedReceiver("a") { if $0 < 4 { throw Self.unavailable } }
        let waits = Mutex<[Duration]>([])
        let queue = DeliveryQueue(
            receivers: [DeliveryReceiver(receiver)], sleep: { wait in waits.withLock { $0.append(wait) } },
            random: { 1 })
        queue.offer(Self.notice(1))
        await run(queue)
        #expect(waits.withLock { $0 } == [.seconds(1), .seconds(2), .seconds(4)])
        #expect(receiver.delivered == [1])
        #expect(queue.counts.first?.retried == 3 && queue.counts.first?.delivered == 1)
    }

    @Test("what was refused for good is not tried again, and the next goes on")
    func refusals() async {
        let receiver = ScriptedReceiver("a") { if $0 == 1 { throw Self.refused } }
        let queue = DeliveryQueue(receivers: [DeliveryReceiver(receiver)], sleep: { _ in })
        queue.offer(Self.notice(1))
        queue.offer(Self.notice(2))
        await run(queue)
        #expect(receiver.delivered == [2])
        #expect(queue.counts.first?.failed == 1 && queue.counts.first?.lastFailure == "no")
    }

    @Test("why notices are given up is told, once a minute for each receiver")
    func warnings() async {
        let receiver = ScriptedReceiver("a") { _ in throw Self.refused }
        let told = Mutex<[String]>([])
        let queue = DeliveryQueue(
            receivers: [DeliveryReceiver(receiver)], warn: { text in told.withLock { $0.append(text) } })
        queue.offer(Self.notice(1))
        queue.offer(Self.notice(2))
        await run(queue)
        #expect(queue.counts.first?.failed == 2)
        #expect(told.withLock { $0 } == ["receiver 'a': a notice is given up: no"])
    }

    @Test("a receiver that never answers and cannot be stopped delays no other")
    func isolation() async {
        let hangs = ScriptedReceiver("hangs") { _ in
            await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in }
        }
        let works = ScriptedReceiver("works")
        let queue = DeliveryQueue(
            receivers: [DeliveryReceiver(hangs, deadline: .milliseconds(1)), DeliveryReceiver(works)],
            plan: RetryPlan(maximumAttempts: 1))
        for number in 0..<3 { queue.offer(Self.notice(Int64(number))) }
        await run(queue)
        #expect(works.delivered == [0, 1, 2] && hangs.delivered.isEmpty)
        #expect(queue.counts.map(\.failed) == [3, 0])
    }

    @Test("a full queue lets the oldest go and counts it")
    func bound() async {
        let receiver = ScriptedReceiver("a")
        let queue = DeliveryQueue(receivers: [DeliveryReceiver(receiver)], capacity: 3)
        for number in 0..<10 { queue.offer(Self.notice(Int64(number))) }
        await run(queue)
        #expect(receiver.delivered == [7, 8, 9])
        #expect(queue.counts.first?.dropped == 7 && queue.counts.first?.offered == 10)
    }

    @Test("notices go to those named, or to all that take such and that severity")
    func routing() {
        let queue = DeliveryQueue(receivers: [
            DeliveryReceiver(ScriptedReceiver("a")),
            DeliveryReceiver(ScriptedReceiver("b"), minimumSeverity: .critical),
            DeliveryReceiver(ScriptedReceiver("train"), takesUnnamed: false),
        ])
        func offered(_ severity: AlertRule.Severity, _ names: [String]) -> Int {
            queue.offer(Self.notice(1, severity), to: names)
        }
        #expect(offered(.warning, []) == 1 && offered(.critical, []) == 2)
        #expect(offered(.warning, ["train", "b"]) == 1 && offered(.warning, ["nobody"]) == 0)
        #expect(queue.counts.map(\.offered) == [2, 1, 1])
    }

    @Test("what waits when the queue is stopped is given up, and the queue stops")
    func stop() async {
        let receiver = ScriptedReceiver("a") { _ in throw Self.unavailable }
        let slept = Mutex(0)
        let queue = DeliveryQueue(
            receivers: [DeliveryReceiver(receiver)],
            sleep: { _ in
                slept.withLock { $0 += 1 }
                try await Task.sleep(for: .seconds(3600))
            })
        queue.offer(Self.notice(1))
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await queue.run() }
            while slept.withLock({ $0 }) == 0 { await Task.yield() }
            group.cancelAll()
        }
        #expect(queue.counts.first?.failed == 1 && queue.counts.first?.waiting == 0)
    }
}

@Suite("When deliveries are tried again")
struct RetryPlanTests {
    private let plan = RetryPlan(
        firstWait: .seconds(1), longestWait: .seconds(60), maximumAttempts: 10, maximumAge: .seconds(600))

    @Test("waits double up to the longest, and chance spreads them over half of each", arguments: 1...9)
    func waits(attempts: Int) {
        let full = min(Double(1 << (attempts - 1)), 60)
        for (random, share) in [(0.0, 0.5), (0.5, 0.75), (1, 1), (-1, 0.5), (2, 1)] {
            let action = plan.next(attempts: attempts, category: .unavailable, age: .zero, random: random)
            #expect(action == .retry(after: .seconds(full) * share))
        }
    }

    @Test("it gives up after the last attempt, when a notice would be too old, and where trying does not help")
    func ends() {
        func next(_ attempts: Int, _ category: ErrorCategory, _ age: Duration) -> RetryPlan.Action {
            plan.next(attempts: attempts, category: category, age: age, random: 1)
        }
        #expect(next(10, .unavailable, .zero) == .giveUp)
        #expect(next(1, .unavailable, .seconds(599)) == .retry(after: .seconds(1)))
        #expect(next(1, .unavailable, .seconds(600)) == .giveUp)
        #expect(next(.max, .unavailable, .zero) == .giveUp)
        for category in [ErrorCategory.invalidInput, .unauthenticated, .forbidden, .notFound, .unsupported] {
            #expect(next(1, category, .zero) == .giveUp)
        }
    }
}
