// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
import Synchronization

/// Everything that is counted about data, answers and service of one replica, and what it says.
///
/// Predictions are added on the thread that drains the queue; requests and generations where they end, from any
/// thread, which costs a dictionary look-up and a few additions; reports are made on a thread that may compute for
/// some milliseconds. Times come from the observations and the caller: there is no clock inside.
package final class MonitorBook: Sendable {
    /// What is known of an endpoint, replaced as a whole: a request that looks it up copies one reference.
    private final class Endpoint: Sendable {
        let spec: MonitoringSpec
        let isEnabled: Bool
        let versions: [VersionID: VersionMonitor]
        /// By number: what requests carry.
        let numbers: [Int: VersionMonitor]
        let counters: ServiceCounters

        init(spec: MonitoringSpec, versions: [VersionID: VersionMonitor], counters: ServiceCounters) {
            self.spec = spec
            isEnabled = spec.isEnabled ?? true
            self.versions = versions
            // Two models may have the same number: their requests count for the endpoint alone, rather than for either.
            numbers = Dictionary(grouping: versions, by: \.key.number).compactMapValues { group in
                group.count == 1 ? group.first?.value : nil
            }
            self.counters = counters
        }
    }

    private struct Learned: Sendable {
        var endpoint: String
        var version: VersionID
        var profile: ReferenceProfile
    }

    /// Versions of an endpoint that are watched at a time; predictions of further ones are left out.
    private static let maximumVersions = 32
    /// Provisional profiles that wait to be taken.
    private static let maximumLearned = 64

    private let replica: String
    private let table = Mutex<[String: Endpoint]>([:])
    /// Held while an endpoint is configured or removed, which the request path never waits for.
    private let configuring = Mutex(())
    /// The endpoints as a whole; touched by reports only.
    private let services = Mutex<[String: ServiceWindow]>([:])
    private let learned = Mutex<[Learned]>([])
    /// The latest time that windows were asked for up to.
    private let storedUpTo = Mutex<Timestamp?>(nil)

    package init(replica: String) { self.replica = replica }

    // MARK: Configuration

    /// Watches an endpoint, or takes over its new specification; what was counted stays where profiles stay.
    ///
    /// - Parameters:
    ///   - versions: All that it routes to. Those with a profile need not be named again.
    ///   - profiles: Of the versions that have one; the others get a provisional one from their first rows.
    package func configure(
        endpoint name: String, spec: MonitoringSpec, versions: [VersionID] = [],
        profiles: [VersionID: ReferenceProfile]
    ) {
        configuring.withLock { _ in
            // Requests wait for the table: what takes time is done beside it.
            let known = table.withLock { $0[name] }
            let wanted = Set(versions).union(profiles.keys)
            // Versions that predictions brought are kept until a list leaves them out.
            var monitors = (known?.versions ?? [:]).filter { wanted.isEmpty || wanted.contains($0.key) }
            for (version, monitor) in monitors {
                monitor.configure(profile: profiles[version], old: known?.spec ?? spec, new: spec)
            }
            for version in wanted.sorted() where monitors[version] == nil && monitors.count < Self.maximumVersions {
                monitors[version] = VersionMonitor(version, profile: profiles[version], spec: spec)
            }
            table.withLock { table in
                // Those that predictions brought meanwhile.
                for (version, monitor) in table[name]?.versions ?? [:]
                where wanted.isEmpty && monitors[version] == nil && monitors.count < Self.maximumVersions {
                    monitors[version] = monitor
                }
                table[name] = Endpoint(
                    spec: spec, versions: monitors, counters: known?.counters ?? ServiceCounters())
            }
            let rules = DefaultRules.effective(of: spec)
            let haveChanged = known.map { DefaultRules.effective(of: $0.spec) != rules } ?? true
            services.withLock { services in
                if services[name] == nil {
                    services[name] = ServiceWindow(rules: rules)
                } else if haveChanged {
                    services[name]?.setRules(rules)
                }
            }
        }
    }

    package func remove(endpoint: String) {
        configuring.withLock { _ in
            table.withLock { $0[endpoint] = nil }
            services.withLock { $0[endpoint] = nil }
        }
    }

    // MARK: Observing

    /// Counts what was asked of an endpoint and answered. Called by the one thread that drains the queue.
    package func add(_ predictions: [PackedPrediction], of name: String) {
        guard let endpoint = table.withLock({ $0[name] }), endpoint.isEnabled else { return }
        for group in predictions.groups(by: \.version) {
            let version = group[0].version
            guard let monitor = endpoint.versions[version] ?? watch(version, of: name) else { continue }
            if let profile = monitor.add(group, spec: endpoint.spec) { note(profile, of: version, endpoint: name) }
        }
    }

    /// Begins to watch a version that nobody named; `nil` where there is no room.
    private func watch(_ version: VersionID, of name: String) -> VersionMonitor? {
        table.withLock { table in
            guard let known = table[name], known.versions.count < Self.maximumVersions else { return nil }
            let monitor = known.versions[version] ?? VersionMonitor(version, profile: nil, spec: known.spec)
            var versions = known.versions
            versions[version] = monitor
            table[name] = Endpoint(spec: known.spec, versions: versions, counters: known.counters)
            return monitor
        }
    }

    /// Counts a request that ended: errors and latency.
    package func add(_ request: InferenceObservation) {
        guard let (whole, version) = counters(endpoint: request.endpoint, number: request.version) else { return }
        // Nobody waits for a shadow.
        let nanoseconds = request.total.clampedNanoseconds
        if request.route != .shadow {
            whole.add(request.outcome, nanoseconds: nanoseconds, isUnrouted: version == nil)
        }
        version?.counters.add(request.outcome, nanoseconds: nanoseconds)
    }

    /// Counts a generation that ended: errors, latency, tokens.
    package func add(_ generation: GenerationObservation) {
        guard let (whole, version) = counters(endpoint: generation.endpoint, number: generation.version) else { return }
        if generation.route != .shadow {
            whole.add(
                generation.outcome, nanoseconds: generation.total.clampedNanoseconds, isUnrouted: version == nil)
        }
        version?.counters.add(generation)
    }

    /// Counts how an answer to a probe differed from the first one.
    package func add(_ noise: NoiseReading, endpoint: String, version: VersionID) {
        table.withLock { $0[endpoint]?.versions[version] }?.add(noise)
    }

    private func counters(endpoint: String, number: Int?) -> (ServiceCounters, VersionMonitor?)? {
        guard let found = table.withLock({ $0[endpoint] }) else { return nil }
        return (found.counters, number.flatMap { found.numbers[$0] })
    }

    // MARK: Reporting

    /// What all monitors say at `now`.
    package func report(at now: Timestamp) -> SignalReport {
        let endpoints = table.withLock { $0 }
        var report = SignalReport(at: now)
        for (name, endpoint) in endpoints {
            let counted = endpoint.counters.take()
            let whole = services.withLock { services -> [MonitorReading] in
                services[name]?.add(counted, at: now)
                return services[name]?.readings(at: now, hasBurn: endpoint.versions.isEmpty) ?? []
            }
            for (kind, subject, reading) in whole {
                report.readings[SignalKey(endpoint: name, version: nil, kind: kind, subject: subject)] = reading
            }
            for (version, monitor) in endpoint.versions {
                let (readings, profile) = monitor.readings(at: now, spec: endpoint.spec)
                if let profile { note(profile, of: version, endpoint: name) }
                for (kind, subject, reading) in readings {
                    let key = SignalKey(endpoint: name, version: version, kind: kind, subject: subject)
                    report.readings[key] = reading
                }
            }
        }
        return report
    }

    // MARK: Profiles made here

    private func note(_ profile: ReferenceProfile, of version: VersionID, endpoint: String) {
        learned.withLock { learned in
            guard learned.count < Self.maximumLearned else { return }
            learned.append(Learned(endpoint: endpoint, version: version, profile: profile))
        }
    }

    /// Provisional profiles made since the last call, of versions that had none; they are in use already.
    package func takeProvisionalProfiles() -> [(endpoint: String, version: VersionID, profile: ReferenceProfile)] {
        learned.withLock { learned in
            defer { learned = [] }
            return learned.map { ($0.endpoint, $0.version, $0.profile) }
        }
    }

    // MARK: Windows

    /// This replica's parts of windows that changed, the ones being counted included.
    ///
    /// - Parameter instant: `nil` for what changed since the last such call.
    package func windows(changedSince instant: Timestamp?) -> [StoredWindow] {
        let since = instant ?? storedUpTo.withLock { $0 } ?? Timestamp(milliseconds: .min)
        let endpoints = table.withLock { $0 }
        var result: [StoredWindow] = []
        for (name, endpoint) in endpoints {
            for (version, monitor) in endpoint.versions {
                result += monitor.changed(since: since).map { part in
                    StoredWindow(
                        endpoint: name, version: version, replica: replica, startedAt: part.startedAt,
                        endedAt: part.endedAt, data: part.data)
                }
            }
        }
        if instant == nil, let last = result.map(\.endedAt).max() { storedUpTo.withLock { $0 = last } }
        return result
    }

    /// Stored windows that came back damaged or counted on another profile.
    package var refusedWindows: Int {
        table.withLock { $0 }.values.reduce(0) { sum, endpoint in
            sum + endpoint.versions.values.reduce(0) { $0 + $1.refusedWindows }
        }
    }

    /// How far back tallies of service count: as far as burn rates are looked at, a few minutes at least.
    package static func serviceSpan(of spec: MonitoringSpec) -> Duration {
        let longest = BurnMeter.longest(DefaultRules.effective(of: spec))
        return max(.seconds(ServiceTally.seconds.most), .bounded(seconds: min(longest, RuleCheck.longestSeconds)))
    }

    /// What this replica served of every endpoint lately, for the others; endpoints without requests are left out.
    package func serviceTallies() -> [StoredTally] {
        table.withLock { $0 }.compactMap { name, endpoint in
            guard let whole = services.withLock({ $0[name]?.own }) else { return nil }
            let content = ServiceCodec.Content(whole: whole, versions: endpoint.versions.mapValues(\.service))
            let counted = [whole.countedAt] + content.versions.values.map(\.countedAt)
            guard let at = counted.compactMap(\.self).max() else { return nil }
            return StoredTally(
                endpoint: name, kind: .service, writer: replica, at: at, data: ServiceCodec.encode(content))
        }
    }

    /// Takes what all other replicas served, instead of what they had: reports are of all together from then on.
    ///
    /// Damaged tallies are left out.
    package func take(_ tallies: [StoredTally], at now: Timestamp) {
        let found = Dictionary(
            grouping: tallies.filter { $0.kind == .service && $0.writer != replica }, by: \.endpoint)
        for (name, endpoint) in table.withLock({ $0 }) {
            // In one order everywhere, so that sums are the same to the last bit.
            let contents = (found[name] ?? []).sorted { $0.writer < $1.writer }
                .compactMap { ServiceCodec.decode($0.data) }
            let others =
                contents.isEmpty
                ? nil : contents.reduce(into: ServiceCodec.Content()) { $0.merge($1, at: now) }
            services.withLock { $0[name]?.others = others?.whole }
            for (version, monitor) in endpoint.versions { monitor.take(others?.versions[version]) }
        }
    }

    /// Takes stored windows: this replica's are gone on with where nothing was counted yet, others' are added to what
    /// is reported. Damaged ones, and those counted on another profile, are left out.
    package func restore(_ windows: [StoredWindow]) {
        struct Key: Hashable {
            let endpoint: String
            let version: VersionID
        }
        let groups = Dictionary(grouping: windows) { Key(endpoint: $0.endpoint, version: $0.version) }
        for (key, group) in groups {
            guard let monitor = table.withLock({ $0[key.endpoint]?.versions[key.version] }) else { continue }
            monitor.restore(
                own: group.filter { $0.replica == replica }, foreign: group.filter { $0.replica != replica })
        }
    }
}
