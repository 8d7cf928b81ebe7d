// SPDX-License-Identifier: Apache-2.0

import SlipwayControl
import SlipwayCore
import SlipwayMonitoring
import SlipwayWire
import Testing

@Suite("Administration: monitoring")
struct MonitoringControlTests {
    /// A home whose endpoint `m` serves `m:1`.
    private func deployed(_ live: ScriptedMonitor? = nil) async throws -> HomeControl {
        let home = try TestHome()
        try await home.importVersions(1)
        var control = home.control
        _ = try await control.deploy(DeployRequest(reference: "m:1"), to: "m")
        control.monitoring = MonitoringParts(store: InMemoryMonitoringStore(), live: live)
        return control
    }

    @Test("each item of feedback has its own result, in order, whatever is wrong with others")
    func feedback() async throws {
        let control = try await deployed(
            ScriptedMonitor { $0.requestID == "late" ? .late : $0.label == .bool(true) ? .joined : .unknown })
        var bad = FeedbackItemDTO(requestID: "bad")
        bad.problem = "no label"
        let reply = try await control.feedback(
            FeedbackRequest(items: [
                bad, FeedbackItemDTO(requestID: "late", label: .number(1)),
                FeedbackItemDTO(requestID: "a", label: .flag(true)), bad,
                FeedbackItemDTO(requestID: "b", label: .text("x")),
            ]), to: "m")
        #expect(reply.results.map(\.outcome) == [.invalid, .late, .joined, .invalid, .unknown])
        #expect(reply.results.map(\.requestID) == ["bad", "late", "a", "bad", "b"])
        #expect(reply.counts == ["invalid": 2, "late": 1, "joined": 1, "unknown": 1])
    }

    @Test("feedback asks for a server and an endpoint")
    func feedbackRefused() async throws {
        let request = FeedbackRequest(items: [FeedbackItemDTO(requestID: "a", label: .number(1))])
        let stored = try await deployed()
        let error = await #expect(throws: ControlError.self) { try await stored.feedback(request, to: "m") }
        #expect(error?.category == .unavailable)
        let live = try await deployed(ScriptedMonitor())
        await #expect(throws: (any Error).self) { try await live.feedback(request, to: "gone") }
    }

    @Test("readings are told by version, kind and subject, and nothing that JSON cannot hold")
    func monitors() async throws {
        let version = VersionID(model: "m", number: 1)
        let reading = SignalReading(value: .infinity, samples: 3, pValue: .nan, method: "m")
        let keys = [
            SignalKey(endpoint: "m", version: nil, kind: .errorRate),
            SignalKey(endpoint: "m", version: version, kind: .ks, subject: "b"),
            SignalKey(endpoint: "m", version: version, kind: .psi, subject: "b"),
            SignalKey(endpoint: "m", version: version, kind: .psi, subject: "a"),
            SignalKey(endpoint: "other", version: version, kind: .psi),
        ]
        let report = SignalReport(
            at: Timestamp(milliseconds: 5), readings: Dictionary(uniqueKeysWithValues: keys.map { ($0, reading) }))
        let monitors = try await deployed(ScriptedMonitor(report: report)).monitors(of: "m")
        #expect(monitors.isLive && monitors.labels == ["waiting": 2])
        #expect(monitors.readings.map(\.signal) == ["psi", "psi", "ks", "error_rate"])
        #expect(monitors.readings.map(\.subject) == ["a", "b", "b", nil])
        #expect(monitors.readings.allSatisfy { $0.value == nil && $0.pValue == nil && $0.history == [1, nil] })
        #expect(monitors.versions.map(\.route) == ["primary"])
    }

    @Test("without a server, what replicas stored is shown")
    func stored() async throws {
        let monitors = try await deployed().monitors(of: "m")
        #expect(!monitors.isLive && monitors.versions.count == 1)
    }

    @Test("silences are for a time that makes sense, and end")
    func silences() async throws {
        let live = ScriptedMonitor()
        let control = try await deployed(live)
        for seconds in [0, -1, .nan, .infinity, 1e12] as [Double] {
            await #expect(throws: ControlError.self) { try await control.addSilence(SilenceRequest(seconds: seconds)) }
        }
        await #expect(throws: (any Error).self) {
            try await control.addSilence(SilenceRequest(endpoint: "gone", seconds: 60))
        }
        let silence = try await control.addSilence(SilenceRequest(endpoint: "m", rule: "drift", seconds: 60))
        #expect(silence.id.count == 16)
        #expect(try await control.silences() == [silence])
        try await control.removeSilence(silence.id)
        #expect(try await control.silences() == [])
        await #expect(throws: ControlError.self) { try await control.removeSilence(silence.id) }
        #expect(live.refreshes == 2)
    }

    @Test("lists of alerts and decisions are bounded, and states that do not exist are refused")
    func lists() async throws {
        let control = try await deployed()
        #expect(try await control.alerts(AlertFilter()) == [])
        for filter in [AlertFilter(state: "burning"), AlertFilter(limit: 0), AlertFilter(limit: 100_000)] {
            await #expect(throws: ControlError.self) { try await control.alerts(filter) }
        }
        await #expect(throws: ControlError.self) { try await control.decisions(of: nil, limit: -1) }
    }

    @Test("a version without a profile says how to make one; a bare name means the endpoint's primary")
    func profile() async throws {
        let control = try await deployed()
        let error = await #expect(throws: ControlError.self) {
            try await control.profile(of: try ModelReference(parsing: "m"))
        }
        #expect(error?.category == .notFound && error?.message.contains("m:1") == true)
        let profile = ReferenceProfile(createdAt: Timestamp(milliseconds: 1), rows: 7, features: [], outputs: [])
        try await control.monitoring.store?.save(profile, of: VersionID(model: "m", number: 1))
        #expect(try await control.profile(of: try ModelReference(parsing: "m")).rows == 7)
        #expect(try await control.profile(of: try ModelReference(parsing: "m:1")).rows == 7)
    }
}
