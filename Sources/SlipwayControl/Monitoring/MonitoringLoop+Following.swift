// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayEngine
import SlipwayMonitoring
import SlipwayRegistry
import Synchronization

extension MonitoringLoop {
    /// Follows the revisions in force: which endpoints are watched, how, and against which profiles.
    package func follow() async {
        do {
            let revisions = try await parts.registry.currentRevisions()
            announce(revisions)
            var watched: [String: Watched] = [:]
            for revision in revisions {
                guard let spec = revision.spec else { continue }
                watched[revision.endpoint] = try await watch(revision, spec)
            }
            let gone = state.withLock { state -> [String] in
                defer {
                    state.endpoints = watched
                    state.rules.follow(watched.mapValues(\.spec.monitoring))
                }
                return state.endpoints.keys.filter { watched[$0] == nil }
            }
            for endpoint in gone { book.remove(endpoint: endpoint) }
            for (endpoint, watch) in watched {
                book.configure(
                    endpoint: endpoint, spec: watch.spec.monitoring, versions: watch.spec.versions,
                    profiles: watch.profiles)
            }
            parts.capture?.configure(watched.compactMapValues(\.spec.monitoring.capture))
        } catch {
            parts.warn("monitoring cannot follow the registry: \(error)")
        }
    }

    private func watch(_ revision: EndpointRevision, _ spec: EndpointSpec) async throws -> Watched {
        var profiles: [VersionID: ReferenceProfile] = [:]
        for version in spec.versions { profiles[version] = try await parts.store.profile(of: version) }
        let known = state.withLock { $0.endpoints[revision.endpoint] }
        var join = known?.join
        if let join {
            // On the loop's own thread: where bounds changed the journal is folded anew, which blocks.
            let read = profiles
            try await lanes.queue.run { try join.configure(spec: spec.monitoring, profiles: read) }
        } else if spec.monitoring.isEnabled ?? true {
            join = await openJoin(revision.endpoint, spec, profiles)
        }
        return Watched(revision: revision, spec: spec, profiles: profiles, join: join)
    }

    /// Folds the journal, which blocks, on the loop's own thread. Without one labels wait in memory alone.
    private func openJoin(
        _ endpoint: String, _ spec: EndpointSpec, _ profiles: [VersionID: ReferenceProfile]
    ) async -> LabelJoin? {
        let now = parts.clock()
        let make = { @Sendable (journal: any LabelJournal) throws -> LabelJoin in
            let join = try LabelJoin(
                endpoint: endpoint, spec: spec.monitoring, profile: profiles[spec.primary], journal: journal, now: now)
            try join.configure(spec: spec.monitoring, profiles: profiles)
            return join
        }
        do {
            return try await lanes.queue.run { [parts] in try make(try parts.journal(endpoint)) }
        } catch {
            parts.warn("labels of endpoint '\(endpoint)' wait in memory alone: \(error)")
            return try? make(MemoryLabelJournal())
        }
    }

    /// Tells who follows events of revisions that are new.
    private func announce(_ revisions: [EndpointRevision]) {
        let new = state.withLock { state -> [EndpointRevision] in
            let isFirst = state.revisions.isEmpty
            defer { for revision in revisions { state.revisions[revision.endpoint] = revision.number } }
            return isFirst ? [] : revisions.filter { state.revisions[$0.endpoint] != $0.number }
        }
        for revision in new { events.publish(revision) }
    }

    /// Profiles were made or silences changed: read again.
    package func refresh() async {
        await follow()
        if let silences = try? await parts.store.silences() { state.withLock { $0.silences = silences } }
    }

    /// Stores this replica's windows and reads those of others.
    package func exchange() async {
        let now = parts.clock()
        do {
            for made in book.takeProvisionalProfiles() {
                try await parts.store.save(made.profile, of: made.version)
            }
            let last = state.withLock { state in
                defer { state.exchangedAt = now }
                return state.exchangedAt
            }
            try await parts.store.save(book.windows(changedSince: last))
            var windows: [StoredWindow] = []
            for (endpoint, watch) in state.withLock({ $0.endpoints }) {
                let length = watch.spec.monitoring.windowSeconds ?? MonitoringSpec.usualWindowSeconds
                let since = Timestamp(milliseconds: now.milliseconds - Int64(min(length, 1e9) * 1000))
                windows += try await parts.store.windows(of: endpoint, since: since)
            }
            // Those of replicas that are gone count as long as they are within the window; the own ones are here.
            book.restore(windows.filter { $0.replica != parts.replica })
            let silences = try await parts.store.silences()
            state.withLock { $0.silences = silences.filter { $0.until > now } }
            try await parts.store.deleteWindows(
                endedBefore: Timestamp(
                    milliseconds: now.milliseconds - Self.windowsKept.components.seconds * 1000))
        } catch {
            parts.warn("monitoring cannot store its windows: \(error)")
        }
    }
}
