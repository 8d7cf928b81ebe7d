// SPDX-License-Identifier: Apache-2.0

import SlipwayControl
import SlipwayCore
import SlipwayMonitoring
import SlipwayRegistry
import SlipwayTestKit
import SlipwayWire
import Synchronization
import Testing

@Suite("Two replicas that watch one endpoint")
struct MonitoringReplicasTests {
    /// Two loops over one home and one store, which share their notices' receiver.
    private struct Pair {
        static let version = VersionID(model: "m", number: 1)

        let home: TestHome
        let store = InMemoryMonitoringStore()
        let loops: [MonitoringLoop]
        let told = Told()

        final class Told: Sendable {
            private let notices = Mutex<[AlertNotice]>([])
            var all: [AlertNotice] { notices.withLock { $0 } }
            func add(_ notice: AlertNotice) { notices.withLock { $0.append(notice) } }
        }

        init(_ rule: AlertRule) async throws {
            home = try TestHome()
            try await home.importVersions(1)
            var spec = EndpointSpec(primary: Self.version)
            spec.monitoring.rules = [rule]
            _ = try await home.control.apply(EndpointSpecRequest(spec: spec), to: "e")
            var loops: [MonitoringLoop] = []
            for replica in ["r1", "r2"] {
                var parts = MonitoringLoop.Parts(
                    replica: replica, registry: home.store, store: store, journal: { _, _ in MemoryLabelJournal() },
                    clock: home.clock.reading)
                let told = told
                parts.deliver = { notice, _ in
                    told.add(notice)
                    return 1
                }
                parts.warn = { Issue.record("\($0)") }
                loops.append(try MonitoringLoop(parts: parts))
            }
            self.loops = loops
            for loop in loops { await loop.prepare() }
        }

        /// Answers requests on one replica and tells it that each was wrong by `error`.
        func label(_ count: Int, on index: Int, wrongBy error: Double) async throws {
            for number in 0..<count {
                loops[index].observe(
                    PredictionObservation(
                        requestID: "\(index)-\(number)", endpoint: "e", version: Self.version, route: .primary,
                        at: home.clock.now, inputs: ["x": try Tensor([Float(number)], shape: [1, 1])],
                        outputs: ["y": try Tensor([Float(1)], shape: [1, 1])], parameters: [:], rows: 1,
                        total: .milliseconds(1)))
            }
            await loops[index].drain()
            let feedback = (0..<count).map {
                Feedback(requestID: "\(index)-\($0)", label: .number(1 + error))
            }
            let results = try await loops[index].join(feedback, to: "e")
            #expect(results.allSatisfy { $0 == .joined })
        }

        func exchange() async {
            for loop in loops + loops { await loop.exchange() }
        }

        func judge() async {
            home.clock.advance(milliseconds: 250)
            for loop in loops { await loop.judge() }
        }

        func reading(_ kind: SignalKind, on index: Int, version: VersionID? = Pair.version) -> SignalReading? {
            loops[index].report.readings[SignalKey(endpoint: "e", version: version, kind: kind)]
        }

        func finish() async {
            for loop in loops { await loop.finish() }
        }
    }

    private static func rule(_ kind: SignalKind, above threshold: Double, samples: Int) -> AlertRule {
        var rule = AlertRule(name: "wrong", signal: kind.rawValue, threshold: threshold)
        rule.minimumSamples = samples
        rule.clearSeconds = 0
        return rule
    }

    @Test("an alert by labels of both is one alert and one notice, and ends once")
    func quality() async throws {
        let pair = try await Pair(Self.rule(.mae, above: 0.5, samples: 50))
        try await pair.label(30, on: 0, wrongBy: 1)
        try await pair.label(30, on: 1, wrongBy: 2)
        await pair.judge()
        // Thirty labels are too few for either alone.
        #expect(pair.told.all.isEmpty)
        await pair.exchange()
        await pair.judge()
        for index in [0, 1] {
            #expect(pair.reading(.mae, on: index)?.samples == 60)
            #expect(pair.reading(.mae, on: index)?.value == 1.5)
            #expect(pair.loops[index].alerts(of: "e").map(\.state) == [.firing])
        }
        #expect(pair.reading(.mae, on: 0) == pair.reading(.mae, on: 1))
        #expect(pair.told.all.count == 1)
        let alerts = try await pair.store.alerts(of: "e", state: nil, limit: 10)
        #expect(alerts.map(\.state) == [.firing])
        // The window passes: it is over on both, told once, and still one alert.
        pair.home.clock.advance(milliseconds: 2 * 3_600_000)
        await pair.exchange()
        for _ in 0..<1500 { await pair.judge() }
        #expect(pair.loops.allSatisfy { $0.alerts(of: "e").isEmpty })
        #expect(pair.told.all.count == 2)
        #expect(try await pair.store.alerts(of: "e", state: nil, limit: 10).map(\.state) == [.resolved])
        await pair.finish()
    }

    @Test("one that sees later what fires already goes on with that alert")
    func later() async throws {
        let pair = try await Pair(Self.rule(.mae, above: 0.5, samples: 50))
        try await pair.label(60, on: 0, wrongBy: 1)
        await pair.judge()
        let first = try #require(try await pair.store.alerts(of: "e", state: .firing, limit: 10).first)
        // Longer than others leave a notice to whoever tells it.
        pair.home.clock.advance(milliseconds: 90_000)
        await pair.exchange()
        await pair.judge()
        await pair.judge()
        #expect(pair.loops[1].alerts(of: "e").map(\.startedAt) == [first.startedAt])
        #expect(try await pair.store.alerts(of: "e", state: nil, limit: 10).count == 1)
        #expect(pair.told.all.count == 1)
        await pair.finish()
    }

    @Test("errors that each sees a part of spend one budget")
    func burn() async throws {
        var rule = Self.rule(.burnRate, above: 20, samples: 50)
        rule.objective = 0.99
        rule.longWindowSeconds = 60
        let pair = try await Pair(rule)
        for loop in pair.loops {
            for index in 0..<30 {
                loop.observe(
                    InferenceObservation(
                        requestID: nil, endpoint: "e", version: 1, route: .primary,
                        outcome: index < 10 ? .failure(.internal) : .success, rows: 1, batchSize: 1, inputBytes: 4,
                        outputBytes: 4, timings: InferenceTimings(), total: .milliseconds(1)))
            }
        }
        await pair.judge()
        // Thirty requests are too few for either alone.
        #expect(pair.told.all.isEmpty)
        for loop in pair.loops + pair.loops { try await loop.exchangeService() }
        await pair.judge()
        for index in [0, 1] {
            #expect(pair.reading(.errorRate, on: index)?.explanation?.hasPrefix("20 of 60") == true)
            #expect(pair.reading(.errorRate, on: index, version: nil)?.samples == 60)
            #expect(pair.loops[index].alerts(of: "e").map(\.state) == [.firing])
        }
        #expect(pair.told.all.count == 1)
        #expect(try await pair.store.alerts(of: "e", state: nil, limit: 10).count == 1)
        await pair.finish()
    }

    @Test("what a replica counted is there when nobody runs, and when another takes over")
    func gone() async throws {
        let pair = try await Pair(Self.rule(.mae, above: 5, samples: 50))
        try await pair.label(30, on: 0, wrongBy: 1)
        try await pair.label(10, on: 1, wrongBy: 2)
        await pair.judge()
        await pair.finish()
        var control = pair.home.control
        control.monitoring = MonitoringParts(store: pair.store)
        let shown = try await control.monitors(of: "e")
        #expect(!shown.isLive)
        let told = try #require(shown.readings.first { $0.signal == SignalKind.mae.rawValue })
        #expect(told.samples == 40)
        #expect(told.value == 1.25)
    }
}
