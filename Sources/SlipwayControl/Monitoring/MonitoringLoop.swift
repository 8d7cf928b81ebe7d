// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
import SlipwayEngine
package import SlipwayMonitoring
package import SlipwayRegistry
import Synchronization

/// The loop of one replica: observes what it answers, detects what is wrong, alerts, and lets guards act.
///
/// Requests only copy their numbers into a queue. Everything else happens on one thread of its own, at the priority
/// of loaders: counting every 50 ms, judging every second, and four times a second while a canary runs or an alert is
/// pending, unless that would take more than a fiftieth of the thread's time.
package final class MonitoringLoop: Sendable {
    /// What the loop works with.
    package struct Parts: Sendable {
        /// The replica's id.
        package var replica: String
        package var registry: any MetadataStore
        package var store: any MonitoringStore
        package var capture: (any CaptureSink)?
        /// Opens the label journal of an endpoint; blocks.
        package var journal: @Sendable (_ endpoint: String, _ spec: MonitoringSpec) throws -> any LabelJournal
        /// Hands a notice to the receivers named, all where there are none, and says how many take it; returns at once.
        package var deliver: @Sendable (_ notice: AlertNotice, _ receivers: [String]) -> Int
        /// Shows what the loop found; `nil` for nowhere.
        package var metrics: MonitoringMetrics?
        package var clock: @Sendable () -> Timestamp
        /// Asks a version once more, observed by nobody; `nil` where it cannot be asked.
        package var probe: (@Sendable (NoiseProbe) async throws -> NamedTensors?)?
        package var warn: @Sendable (String) -> Void

        package init(
            replica: String, registry: any MetadataStore, store: any MonitoringStore,
            journal: @escaping @Sendable (_ endpoint: String, _ spec: MonitoringSpec) throws -> any LabelJournal,
            clock: @escaping @Sendable () -> Timestamp
        ) {
            self.replica = replica
            self.registry = registry
            self.store = store
            self.journal = journal
            self.clock = clock
            deliver = { _, _ in 0 }
            warn = { _ in }
        }
    }

    /// One endpoint that is watched; a class, since it is looked up for every batch of predictions.
    final class Watched: Sendable {
        let revision: EndpointRevision
        let spec: EndpointSpec
        /// Versions whose profiles are known, and those profiles.
        let profiles: [VersionID: ReferenceProfile]
        let join: LabelJoin?
        let isEnabled: Bool
        let isCaptured: Bool

        init(
            revision: EndpointRevision, spec: EndpointSpec, profiles: [VersionID: ReferenceProfile], join: LabelJoin?
        ) {
            self.revision = revision
            self.spec = spec
            self.profiles = profiles
            self.join = join
            isEnabled = spec.monitoring.isEnabled ?? true
            isCaptured = spec.monitoring.capture != nil
        }
    }

    struct State {
        var endpoints: [String: Watched] = [:]
        var report: SignalReport
        var history = SignalHistory()
        var rules = RuleBook()
        var guards = GuardPlanner()
        var open: [Alert] = []
        var silences: [Silence] = []
        var silencesReadAt = Timestamp(milliseconds: 0)
        var decisions: [GuardDecision] = []
        var revisions: [String: Int] = [:]
        /// When windows were stored last.
        var exchangedAt = Timestamp(milliseconds: 0)
        var exchanges = 0
        /// Tallies by kind and endpoint, as they were stored last: their hashes.
        var stored: [String: Int] = [:]
        /// Profiles that were learned and are not stored yet.
        var learned: [(version: VersionID, profile: ReferenceProfile)] = []
        var observed = RecentShare()
        var captured: [String: RecentShare] = [:]
        var probes = NoisePlanner()
    }

    package let queue = PredictionQueue()
    package let events: EventRing
    let parts: Parts
    let book: MonitorBook
    let lanes: LaneGroup
    let state: Mutex<State>
    /// Endpoints whose predictions nobody looks at.
    let unwatched = Mutex<Set<String>>([])
    /// One after the other: the registry, administration and guards all ask for it.
    let following = ChangeQueue()

    /// How often what was answered is counted.
    static let drainInterval: Duration = .milliseconds(50)
    /// How often signals are judged while a canary runs or an alert is pending.
    static let judgeInterval: Duration = .milliseconds(250)
    /// Judging takes at most so much of the thread's time.
    static let judgeShare = 50
    /// How often windows are stored, and those of other replicas read.
    static let exchangeInterval: Duration = .seconds(5)
    /// How often what was served is told to other replicas between that.
    static let serviceInterval: Duration = .seconds(1)
    /// How often they are judged at all, however long it takes.
    static let longestPause: Duration = .seconds(1)
    /// So many exchanges are a minute: profiles are looked for and old windows deleted that often.
    static let exchangesPerMinute = 12

    /// - Throws: `EngineError` `outOfMemory` when there is no thread left.
    package init(parts: Parts) throws {
        self.parts = parts
        book = MonitorBook(replica: parts.replica)
        events = EventRing(startedAt: parts.clock())
        lanes = try LaneGroup(count: 1)
        state = Mutex(State(report: SignalReport(at: parts.clock())))
    }

    // MARK: - Hot path

    /// Takes note of an answered request; quick, never blocks.
    package func observe(_ prediction: PredictionObservation) {
        if unwatched.withLock({ !$0.contains(prediction.endpoint) }) { queue.offer(prediction) }
    }

    /// Takes note of a request's end; a few additions.
    package func observe(_ request: InferenceObservation) { book.add(request) }

    /// Takes note of a generated answer's end.
    package func observe(_ generation: GenerationObservation) { book.add(generation) }

    // MARK: - Running

    /// Reads what earlier processes left and begins; to be called before requests come.
    package func prepare() async {
        do {
            var alerts = try await parts.store.alerts(of: nil, state: .firing, limit: 1000)
            let silences = try await parts.store.silences()
            let decisions = try await parts.store.decisions(of: nil, limit: 1000)
            let taken = state.withLock { state in
                state.rules.restore(alerts)
                state.silences = silences
                state.decisions = decisions
                return Set(state.rules.open)
            }
            // Told twice, by replicas that are gone: one of them goes on.
            alerts.removeAll(where: taken.contains)
            let now = parts.clock()
            for index in alerts.indices {
                alerts[index].state = .resolved
                alerts[index].endedAt = now
            }
            try await parts.store.save(alerts)
        } catch {
            parts.warn("cannot read what monitoring kept: \(error)")
        }
        await follow()
        await exchange()
    }

    /// Runs until the task is cancelled, then counts what waits and stores windows and labels.
    package func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [self] in
                while !Task.isCancelled {
                    await drain()
                    try? await Task.sleep(for: Self.drainInterval)
                }
            }
            group.addTask { [self] in
                let changes = parts.registry.changes()
                await follow()
                for await _ in changes { await follow() }
            }
            group.addTask { [self] in
                while !Task.isCancelled {
                    await readSilences()
                    let took = await judge()
                    try? await Task.sleep(for: pause(after: took))
                }
            }
            group.addTask { [self] in
                while !Task.isCancelled {
                    for _ in 1..<Int(Self.exchangeInterval / Self.serviceInterval) {
                        try? await Task.sleep(for: Self.serviceInterval)
                        // Where it fails, the next exchange says so.
                        if !Task.isCancelled { try? await exchangeService() }
                    }
                    try? await Task.sleep(for: Self.serviceInterval)
                    if !Task.isCancelled { await exchange() }
                }
            }
        }
    }

    /// Until signals are judged again: soon where a moment may count.
    private func pause(after took: Duration) -> Duration {
        let mayCount = state.withLock { state in
            state.open.contains { $0.state == .pending }
                || state.endpoints.values.contains { !$0.spec.canaries.isEmpty }
        }
        guard mayCount else { return Self.longestPause }
        return min(max(Self.judgeInterval, took * Self.judgeShare), Self.longestPause)
    }

    /// Counts what still waits, stores windows, and ends the thread.
    package func finish() async {
        await drain()
        await exchange()
        let joins = state.withLock { $0.endpoints.values.compactMap(\.join) }
        // Writing blocks.
        _ = try? await lanes.queue.run { [parts] in
            for join in joins { join.close() }
            parts.capture?.flush()
        }
        events.finish()
        await lanes.stop()
    }

    /// Counts what was answered until now; what comes meanwhile is for the next time.
    package func drain() async {
        var left = queue.backlog.count
        while left > 0 {
            do {
                let counted = try await lanes.queue.run { [self] in countSome() }
                guard counted > 0 else { return }
                left -= counted
            } catch {
                return
            }
        }
    }

    /// Predictions that are counted in one go, so that others' work on the thread comes between.
    private static let pieceCount = 4096

    /// Counts what has waited longest. Returns how many there were.
    private func countSome() -> Int {
        let endpoints = state.withLock { $0.endpoints }
        var count = 0
        while count < Self.pieceCount, let batch = queue.take() {
            count += batch.count
            batch.withGroups { predictions in
                let endpoint = predictions[0].endpoint
                if let watched = endpoints[endpoint] { self.count(predictions, of: watched, endpoint) }
            }
            queue.finish(batch)
        }
        return count
    }

    private func count(_ predictions: [PackedPrediction], of watched: Watched, _ endpoint: String) {
        if watched.isEnabled {
            book.add(predictions, of: endpoint)
            watched.join?.expect(predictions)
            // This thread alone picks.
            var probes = state.withLock { $0.probes }
            for prediction in predictions {
                let probe = probes.pick(prediction, profile: watched.profiles[prediction.version])
                if let probe { ask(probe) }
            }
            state.withLock { [probes] in $0.probes = probes }
        }
        if watched.isCaptured { parts.capture?.offer(predictions, of: endpoint) }
    }

    /// Asks a version once more and notes how its two answers differ; nobody waits for it.
    private func ask(_ probe: NoiseProbe) {
        guard let asked = parts.probe else { return }
        Task { [self] in
            guard let answer = try? await asked(probe) else { return }
            let profile = state.withLock { $0.endpoints[probe.endpoint]?.profiles[probe.version] }
            guard let reading = NoiseReading(probe, answer: answer, profile: profile) else { return }
            book.add(reading, endpoint: probe.endpoint, version: probe.version)
        }
    }
}
