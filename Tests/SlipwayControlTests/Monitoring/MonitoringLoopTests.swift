// SPDX-License-Identifier: Apache-2.0

import SlipwayControl
import SlipwayCore
import SlipwayMonitoring
import SlipwayRegistry
import SlipwayTestKit
import SlipwayWire
import Synchronization
import Testing

@Suite("The monitoring loop")
struct MonitoringLoopTests {
    /// Versions 1 and 2 of `m`, the second as a canary of endpoint `e`, and the loop that watches them.
    private struct Rig {
        let home: TestHome
        let store = InMemoryMonitoringStore()
        let loop: MonitoringLoop
        let told = Told()

        final class Told: Sendable {
            private let notices = Mutex<[AlertNotice]>([])
            var all: [AlertNotice] { notices.withLock { $0 } }
            func add(_ notice: AlertNotice) { notices.withLock { $0.append(notice) } }
        }

        init(_ monitoring: MonitoringSpec) async throws {
            home = try TestHome()
            try await home.importVersions(2)
            var spec = EndpointSpec(primary: Self.version(1))
            _ = try await home.control.apply(EndpointSpecRequest(spec: spec), to: "e")
            spec.canaries = [Canary(version: Self.version(2), share: try #require(Share(percent: 10)))]
            spec.monitoring = monitoring
            _ = try await home.control.apply(EndpointSpecRequest(spec: spec), to: "e")
            let told = told
            var parts = MonitoringLoop.Parts(
                replica: "r1", registry: home.store, store: store, journal: { _, _ in MemoryLabelJournal() },
                clock: home.clock.reading)
            parts.deliver = { notice, _ in
                told.add(notice)
                return 1
            }
            loop = try MonitoringLoop(parts: parts)
            await loop.prepare()
        }

        static func version(_ number: Int) -> VersionID { VersionID(model: "m", number: number) }

        /// Answers requests: each is its scores.
        func answer(_ scores: Float, by version: Int, count: Int) async throws {
            for index in 0..<count {
                loop.observe(
                    PredictionObservation(
                        requestID: "\(version)-\(index)", endpoint: "e", version: Self.version(version),
                        route: version == 1 ? .primary : .canary, at: home.clock.now,
                        inputs: ["x": try Tensor([Float(index % 7)], shape: [1, 1])],
                        outputs: ["y": try Tensor([scores], shape: [1, 1])], parameters: [:], rows: 1,
                        total: .milliseconds(1)))
            }
            await loop.drain()
        }

        func look() async {
            home.clock.advance(milliseconds: 250)
            await loop.judge()
        }

        func specInForce() async throws -> EndpointSpec? {
            try await home.store.currentRevisions().first { $0.endpoint == "e" }?.spec
        }
    }

    private func guarded(_ action: GuardSpec.Action, isDryRun: Bool = false) -> MonitoringSpec {
        var spec = MonitoringSpec()
        var rule = AlertRule(name: "no-numbers", signal: SignalKind.notANumberRate.rawValue, threshold: 0.05)
        rule.minimumSamples = 20
        rule.routes = [.canary]
        spec.rules = [rule]
        var deed = GuardSpec(name: "back", rules: ["no-numbers"], action: action)
        deed.isDryRun = isDryRun
        spec.guards = [deed]
        return spec
    }

    @Test("a canary whose answers are no numbers is rolled back by itself, with its evidence")
    func rollsBack() async throws {
        let rig = try await Rig(guarded(.rollBack))
        try await rig.answer(1, by: 1, count: 50)
        try await rig.answer(.nan, by: 2, count: 50)
        await rig.look()
        let spec = try #require(try await rig.specInForce())
        #expect(spec.primary == Rig.version(1))
        #expect(spec.canaries.isEmpty)
        // The rules that found it stay.
        #expect(spec.monitoring.rules.map(\.name) == ["no-numbers"])
        let decision = try #require(try await rig.store.decisions(of: "e", limit: 10).first)
        #expect(decision.outcome == .acted)
        #expect(decision.version == Rig.version(2))
        #expect(decision.evidence.first?.key.kind == .notANumberRate)
        #expect(decision.evidence.first?.reading.value == 1)
        #expect(rig.told.all.map(\.rule) == ["no-numbers"])
        #expect(try await rig.store.alerts(of: "e", state: .firing, limit: 10).count == 1)
    }

    @Test("a guard in dry run decides and records, and leaves the routes alone")
    func dryRun() async throws {
        let rig = try await Rig(guarded(.rollBack, isDryRun: true))
        try await rig.answer(.nan, by: 2, count: 50)
        await rig.look()
        #expect(try await rig.specInForce()?.canaries.count == 1)
        #expect(try await rig.store.decisions(of: "e", limit: 10).map(\.outcome) == [.dryRun])
    }

    @Test("feedback for another replica's prediction is handed over, and joined there once")
    func handsFeedbackOver() async throws {
        let rig = try await Rig(MonitoringSpec())
        var parts = MonitoringLoop.Parts(
            replica: "r2", registry: rig.home.store, store: rig.store, journal: { _, _ in MemoryLabelJournal() },
            clock: rig.home.clock.reading)
        parts.warn = { Issue.record("\($0)") }
        let other = try MonitoringLoop(parts: parts)
        await other.prepare()
        try await rig.answer(0.5, by: 1, count: 2)
        let feedback = [
            Feedback(requestID: "1-0", label: .number(1)), Feedback(requestID: "nobody", label: .number(1)),
        ]
        // Alone, a replica hands nothing over: nobody would take it up.
        #expect(try await other.join(feedback, to: "e") == [.unknown, .unknown])
        for id in ["r1", "r2"] {
            try await rig.home.store.report(
                ReplicaRecord(
                    id: id, host: "h", processID: 1, startedAt: rig.home.clock.now, reportedAt: rig.home.clock.now,
                    addresses: [:], endpoints: []))
        }
        #expect(try await other.join(feedback, to: "e") == [.forwarded, .forwarded])
        await rig.loop.exchange()
        #expect(rig.loop.labelCounts(of: "e")["joined"] == 1)
        #expect(try await rig.store.handedOver(to: "e", limit: 10).map(\.feedback.requestID) == ["nobody"])
        #expect(try await rig.loop.join([feedback[0]], to: "e") == [.duplicate])
        // What nobody knows is forgotten after a minute.
        rig.home.clock.advance(milliseconds: 61_000)
        await rig.loop.exchange()
        #expect(try await rig.store.handedOver(to: "e", limit: 10).isEmpty)
        await other.finish()
        await rig.loop.finish()
    }

    @Test("a replica that does not lead leaves guards to the one that does")
    func followsLeader() async throws {
        let rig = try await Rig(guarded(.rollBack))
        _ = try await rig.store.acquireLease(
            "guards/e", holder: "r2", now: rig.home.clock.now, duration: .seconds(3600))
        try await rig.answer(.nan, by: 2, count: 50)
        await rig.look()
        #expect(try await rig.specInForce()?.canaries.count == 1)
        #expect(try await rig.store.decisions(of: "e", limit: 10).isEmpty)
        // The alert is told all the same.
        #expect(rig.told.all.count == 1)
    }

    @Test("good answers alert nobody")
    func quiet() async throws {
        let rig = try await Rig(guarded(.rollBack))
        try await rig.answer(1, by: 1, count: 200)
        try await rig.answer(1, by: 2, count: 200)
        for _ in 0..<20 { await rig.look() }
        #expect(try await rig.specInForce()?.canaries.count == 1)
        #expect(rig.told.all.isEmpty)
        #expect(try await rig.store.alerts(of: nil, state: nil, limit: 10).isEmpty)
    }

    @Test("a fallback takes everything when a guard asks for it")
    func fallsBack() async throws {
        var monitoring = guarded(.fallback)
        monitoring.guards[0].fallback = Rig.version(2)
        monitoring.rules[0].routes = [.primary]
        let rig = try await Rig(monitoring)
        try await rig.answer(.nan, by: 1, count: 50)
        await rig.look()
        let spec = try #require(try await rig.specInForce())
        #expect(spec.primary == Rig.version(2))
        #expect(spec.canaries.isEmpty)
    }

    @Test("feedback joins a prediction once, and tells what is unknown")
    func feedback() async throws {
        let rig = try await Rig(MonitoringSpec())
        try await rig.answer(1, by: 1, count: 3)
        let results = try await rig.loop.join(
            [
                Feedback(requestID: "1-0", label: .number(1)), Feedback(requestID: "1-0", label: .number(1)),
                Feedback(requestID: "nobody", label: .number(1)),
            ], to: "e")
        #expect(results.map(\.name) == ["joined", "duplicate", "unknown"])
        #expect(rig.loop.labelCounts(of: "e")["joined"] == 1)
    }

    @Test("what nobody watches is not even offered to monitors")
    func unwatched() async throws {
        var spec = MonitoringSpec()
        spec.isEnabled = false
        let rig = try await Rig(spec)
        try await rig.answer(0.5, by: 1, count: 10)
        #expect(rig.loop.queue.counts.offered == 0)
        spec.isEnabled = true
        let watched = try await Rig(spec)
        try await watched.answer(0.5, by: 1, count: 10)
        #expect(watched.loop.queue.counts.taken == 10)
    }

    @Test("a full queue drops predictions and counts them")
    func fullQueue() {
        let queue = PredictionQueue(maximumCount: 10)
        for _ in 0..<25 {
            _ = queue.offer(
                PredictionObservation(
                    requestID: nil, endpoint: "e", version: Rig.version(1), route: .primary,
                    at: Timestamp(milliseconds: 0), inputs: [:], outputs: [:], parameters: [:], rows: 1, total: .zero))
        }
        #expect(queue.counts.offered == 25)
        #expect(queue.counts.dropped == 15)
        #expect(queue.take()?.count == 10)
    }
}
