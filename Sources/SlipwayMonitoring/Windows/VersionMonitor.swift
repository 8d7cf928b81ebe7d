// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import Synchronization

/// All that is watched of one version of an endpoint.
///
/// Without a profile the first rows make a provisional one: ``learnedRows`` of them, or fewer once a window's time has
/// passed.
final class VersionMonitor: Sendable {
    /// Rows of a provisional profile.
    static let learnedRows = 5000
    /// Rows that it has at least.
    static let leastRows = 500

    private struct Learning: Sendable {
        var builder: ProfileBuilder
        var startedAt: Timestamp?
    }

    private struct State: Sendable {
        var window: VersionWindow?
        var learning: Learning?
        /// Before there is a window.
        var early = LearningTally()
        var service: ServiceWindow
        var noise = NoiseTally()
        var readings: [MonitorReading] = []
        var readAt: Timestamp?
        var readRows: UInt64 = 0
    }

    let version: VersionID
    let counters = ServiceCounters()
    private let state: Mutex<State>

    /// How old readings may be that are told again because little has come since, in milliseconds.
    private static let refreshMilliseconds: Int64 = 1000

    init(_ version: VersionID, profile: ReferenceProfile?, spec: MonitoringSpec) {
        self.version = version
        state = Mutex(
            State(
                window: profile.map { VersionWindow(profile: $0, spec: spec) },
                service: ServiceWindow(rules: DefaultRules.effective(of: spec))))
    }

    /// Takes over a new specification or profile; counters go on where the profile stays.
    func configure(profile: ReferenceProfile?, old: MonitoringSpec, new: MonitoringSpec) {
        state.withLock { state in
            if old.rules != new.rules { state.service.setRules(DefaultRules.effective(of: new)) }
            guard let profile = profile ?? state.window?.set.profile else { return }
            let isSame =
                state.window?.set.profile == profile && WindowClock(old) == WindowClock(new)
                && old.sampledRows == new.sampledRows
            guard !isSame else { return }
            state.window = VersionWindow(profile: profile, spec: new)
            state.learning = nil
            state.readAt = nil
        }
    }

    /// Counts predictions in their order. Returns the provisional profile where one of them completes it.
    func add(_ predictions: [PackedPrediction], spec: MonitoringSpec) -> ReferenceProfile? {
        state.withLock { state in
            var learned: ReferenceProfile?
            var next = 0
            while state.window == nil, next < predictions.count {
                learned = Self.learn(predictions[next].observation(), spec: spec, &state)
                next += 1
            }
            state.window?.add(next == 0 ? predictions : Array(predictions[next...]))
            return learned
        }
    }

    func add(_ noise: NoiseReading) { state.withLock { $0.noise.add(noise) } }

    // MARK: Learning

    private static func learn(
        _ prediction: PredictionObservation, spec: MonitoringSpec, _ state: inout State
    ) -> ReferenceProfile? {
        state.early.add(prediction)
        var learning = state.learning.take() ?? Learning(builder: builder(spec: spec, varying: []))
        let start = min(learning.startedAt ?? prediction.at, prediction.at)
        learning.startedAt = start
        do {
            try learning.builder.add(inputs: prediction.inputs, outputs: prediction.outputs, rows: prediction.rows)
        } catch {
            // Another layout than before: what differs in width is summarised from now on.
            var varying = learning.builder.options.varying
            if let location = error.location { varying.insert(location) }
            if varying != learning.builder.options.varying {
                learning.builder = builder(spec: spec, varying: varying)
            }
        }
        let age = prediction.at.milliseconds - start.milliseconds
        let isComplete =
            learning.builder.rows >= learnedRows
            || (learning.builder.rows >= leastRows && age >= WindowClock(spec).windowMilliseconds)
        guard isComplete, let profile = try? learning.builder.finish(at: prediction.at) else {
            state.learning = learning
            return nil
        }
        state.window = VersionWindow(profile: profile, spec: spec)
        return profile
    }

    private static func builder(spec: MonitoringSpec, varying: Set<String>) -> ProfileBuilder {
        var options = ProfileBuilder.Options()
        options.isProvisional = true
        options.maximumRows = learnedRows
        options.varying = varying
        options.task = spec.task
        options.scoreOutput = spec.scoreOutput
        return ProfileBuilder(options: options)
    }

    // MARK: Reading

    /// What is wrong or right at `now`; computed anew when rows came that could change it.
    ///
    /// - Returns: The readings, and the provisional profile where the generations that ended complete it.
    func readings(at now: Timestamp, spec: MonitoringSpec) -> (readings: [MonitorReading], learned: ReferenceProfile?) {
        let counted = counters.take()
        let tokens = TokenCounts.prediction(of: counted.generations, version: version, at: now)
        return state.withLock { state in
            state.service.add(counted, at: now)
            var result = state.service.readings(at: now)
            if let noise = state.noise.reading { result.append((.predictionNoise, nil, noise)) }
            var learned: ReferenceProfile?
            if let tokens, state.window == nil { learned = Self.learn(tokens, spec: spec, &state) }
            guard var window = state.window.take() else { return (result + state.early.readings, learned) }
            if let tokens, learned == nil {
                PredictionBatch([tokens]).withPredictions { window.add($0, countsAllRows: true) }
            }
            window.tick(at: now)
            window.forget(before: now)
            if Self.isStale(state, window, at: now) {
                let totals = window.totals(at: now)
                var drift = DriftReadings(window, totals)
                drift.addDrift()
                var data = DataReadings(window, totals)
                data.addAll()
                state.readings = drift.found + data.found
                state.readAt = now
                state.readRows = window.liveRows
            }
            result += state.readings
            result += window.streamReadings(at: now)
            state.window = window
            return (result, learned)
        }
    }

    /// A second later, or a twentieth more rows: a canary that begins is looked at every time.
    private static func isStale(_ state: State, _ window: VersionWindow, at now: Timestamp) -> Bool {
        guard let readAt = state.readAt else { return true }
        let age = now.milliseconds - readAt.milliseconds
        let rows = window.liveRows
        return age < 0 || age >= refreshMilliseconds || rows < state.readRows
            || rows - state.readRows > state.readRows / 20
    }

    // MARK: Windows

    /// What this replica served of the version.
    var service: ServiceTally { state.withLock { $0.service.own } }

    /// - Parameter service: Of all other replicas together; `nil` where they served nothing.
    func take(_ service: ServiceTally?) { state.withLock { $0.service.others = service } }

    var refusedWindows: Int { state.withLock { $0.window?.refused ?? 0 } }

    func changed(since instant: Timestamp) -> [VersionWindow.Part] {
        state.withLock { $0.window?.changed(since: instant) ?? [] }
    }

    /// Windows of a version without a profile cannot be read: they are left where they are.
    func restore(own: [StoredWindow], foreign: [StoredWindow]) {
        state.withLock { state in
            state.window?.resume(own)
            for window in foreign { state.window?.merge(window) }
            state.readAt = nil
        }
    }
}

/// A reading before it has its full key: kind, subject, and what was measured.
typealias MonitorReading = (SignalKind, String?, SignalReading)
