// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayEngine
import SlipwayMonitoring
import SlipwayRegistry
import Synchronization

/// What replicas of one home tell each other through the store: windows of data, tallies of quality and service.
extension MonitoringLoop {
    /// How long alerts that are over stay on record.
    private static let alertsKept: Duration = .seconds(90 * 86_400)

    /// Stores this replica's windows and tallies, and reads those of others.
    package func exchange() async {
        let now = parts.clock()
        do {
            try await storeWindows(at: now)
            try await storeProfiles()
            let windows = try await othersWindows(at: now)
            let book = book
            try await lanes.queue.run { book.restore(windows) }
            try await exchangeQuality(at: now)
            try await exchangeService()
            try await takeHandedOver(at: now)
            let isMinute = state.withLock { state in
                state.exchanges += 1
                guard state.exchanges % Self.exchangesPerMinute == 0 else { return false }
                // Whatever became of them there, all tallies are stored anew now and then.
                state.stored = [:]
                return true
            }
            if isMinute {
                try await parts.store.deleteWindows(endedBefore: now - longestWindow * 2)
                try await parts.store.deleteTallies(.quality, countedBefore: now - longestWindow * 2)
                try await parts.store.deleteTallies(.service, countedBefore: now - longestService * 2)
                try await parts.store.deleteAlerts(startedBefore: now - Self.alertsKept)
                // Others may have made profiles.
                await follow()
            }
        } catch {
            parts.warn("monitoring cannot store its windows: \(error)")
        }
    }

    // MARK: - Tallies

    /// Stores what this replica served and reads what the others did: faults are urgent.
    package func exchangeService() async throws {
        let now = parts.clock()
        let book = book
        try await store(try await lanes.queue.run { book.serviceTallies() })
        let others = try await parts.store.tallies(.service, of: nil, since: now - longestService)
        try await lanes.queue.run { book.take(others, at: now) }
    }

    private func exchangeQuality(at now: Timestamp) async throws {
        let replica = parts.replica
        let watched = state.withLock { $0.endpoints }
        let own = try await lanes.queue.run { watched.values.compactMap { $0.join?.tally(replica: replica) } }
        try await store(own)
        for (endpoint, watch) in watched {
            guard let join = watch.join else { continue }
            let since = now - Self.window(of: watch.spec.monitoring)
            let others = try await parts.store.tallies(.quality, of: endpoint, since: since)
            try await lanes.queue.run { join.take(others, replica: replica, at: now) }
        }
    }

    /// Stores what is not as it was stored last.
    private func store(_ tallies: [StoredTally]) async throws {
        let fresh = state.withLock { state in
            tallies.filter { state.stored["\($0.kind) \($0.endpoint)"] != $0.hashValue }
        }
        try await parts.store.save(fresh)
        state.withLock { state in
            for tally in fresh { state.stored["\(tally.kind) \(tally.endpoint)"] = tally.hashValue }
        }
    }

    // MARK: - Windows

    private func storeWindows(at now: Timestamp) async throws {
        let last = state.withLock { $0.exchangedAt }
        let book = book
        let windows = try await lanes.queue.run { book.windows(changedSince: last) }
        try await parts.store.save(windows)
        // Only now: what could not be stored is tried again. A little is stored twice rather than not at all.
        state.withLock { $0.exchangedAt = now - Self.exchangeInterval }
    }

    /// Keeps profiles that were learned, where nobody made one meanwhile.
    private func storeProfiles() async throws {
        let new = book.takeProvisionalProfiles().map { (version: $0.version, profile: $0.profile) }
        let learned = state.withLock { state in
            state.learned += new
            return state.learned
        }
        for made in learned {
            if try await parts.store.profile(of: made.version) == nil {
                try await parts.store.save(made.profile, of: made.version)
            }
            state.withLock { state in
                if !state.learned.isEmpty { state.learned.removeFirst() }
            }
        }
        if !learned.isEmpty { await follow() }
    }

    /// Those of replicas that are gone count as long as they are within the window; the own ones are here.
    private func othersWindows(at now: Timestamp) async throws -> [StoredWindow] {
        var windows: [StoredWindow] = []
        for (endpoint, watch) in state.withLock({ $0.endpoints }) {
            let since = now - Self.window(of: watch.spec.monitoring)
            windows += try await parts.store.windows(of: endpoint, since: since)
        }
        return windows.filter { $0.replica != parts.replica }
    }

    private static func window(of spec: MonitoringSpec) -> Duration {
        .bounded(seconds: min(max(spec.windowSeconds ?? MonitoringSpec.usualWindowSeconds, 1), 366 * 86_400))
    }

    private var longestWindow: Duration {
        state.withLock { $0.endpoints.values.map { Self.window(of: $0.spec.monitoring) }.max() } ?? .seconds(3600)
    }

    /// As far as tallies of service are looked back to; a day before any endpoint is known, so that none goes early.
    private var longestService: Duration {
        let spans = state.withLock { $0.endpoints.values.map { MonitorBook.serviceSpan(of: $0.spec.monitoring) } }
        return spans.max() ?? .seconds(86_400)
    }
}

extension Timestamp {
    /// An instant before this one.
    fileprivate static func - (instant: Timestamp, duration: Duration) -> Timestamp {
        Timestamp(milliseconds: instant.milliseconds - Int64(duration / .milliseconds(1)))
    }
}
