// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayEngine
import SlipwayMonitoring
import SlipwayRegistry
import Synchronization

extension MonitoringLoop {
    /// Follows the revisions in force: which endpoints are watched, how, and against which profiles.
    package func follow() async { await following.run { await followNow() } }

    private func followNow() async {
        let revisions: [EndpointRevision]
        do {
            revisions = try await parts.registry.currentRevisions()
        } catch {
            return parts.warn("monitoring cannot follow the registry: \(error)")
        }
        announce(revisions)
        var watched: [String: Watched] = [:]
        for revision in revisions {
            guard let spec = revision.spec else { continue }
            do {
                watched[revision.endpoint] = try await watch(revision, spec)
            } catch {
                // Others are watched all the same, and this one as before.
                parts.warn("monitoring cannot follow endpoint '\(revision.endpoint)': \(error)")
                let known = state.withLock { $0.endpoints[revision.endpoint] }
                watched[revision.endpoint] = Watched(
                    revision: revision, spec: spec, profiles: known?.profiles ?? [:], join: known?.join)
            }
        }
        let gone = state.withLock { [watched] state -> [String: Watched] in
            defer {
                state.endpoints = watched
                state.rules.follow(watched.mapValues(\.spec.monitoring))
            }
            return state.endpoints.filter { watched[$0.key] == nil }
        }
        let ignored = Set(watched.filter { !$0.value.isEnabled && !$0.value.isCaptured }.keys)
        unwatched.withLock { $0 = ignored }
        let (book, capture) = (book, parts.capture)
        // Windows are built and journals written: on the loop's own thread.
        _ = try? await lanes.queue.run { [watched] in
            for (endpoint, watch) in gone {
                book.remove(endpoint: endpoint)
                watch.join?.close()
            }
            for (endpoint, watch) in watched {
                book.configure(
                    endpoint: endpoint, spec: watch.spec.monitoring, versions: watch.spec.versions,
                    profiles: watch.profiles)
            }
            capture?.configure(watched.compactMapValues(\.spec.monitoring.capture))
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
            return try await lanes.queue.run { [parts] in try make(try parts.journal(endpoint, spec.monitoring)) }
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
        await readSilences(isDue: true)
        await follow()
    }

    /// Reads silences, which others may have made, once a second.
    func readSilences(isDue: Bool = false) async {
        let now = parts.clock()
        let wants = state.withLock { state in
            guard isDue || abs(now.milliseconds - state.silencesReadAt.milliseconds) >= 1000 else { return false }
            state.silencesReadAt = now
            return true
        }
        guard wants, let silences = try? await parts.store.silences() else { return }
        state.withLock { $0.silences = silences.filter { $0.until > now } }
    }
}
