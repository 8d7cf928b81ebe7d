// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayRegistry
import SlipwayServing
import Synchronization

/// Carries rollouts out on one replica: makes the revisions that ``RolloutPlan`` decides.
final class RolloutDriver: Sendable {
    private struct State {
        var revisions: [EndpointRevision] = []
        var plans: [String: RolloutPlan] = [:]
    }

    private let store: any MetadataStore
    private let state = Mutex(State())

    init(store: any MetadataStore) { self.store = store }

    /// The revisions in force were read.
    func follow(_ revisions: [EndpointRevision]) {
        state.withLock { state in
            state.revisions = revisions
            let rolling = Set(revisions.filter { $0.spec?.rollout != nil }.map(\.endpoint))
            state.plans = state.plans.filter { rolling.contains($0.key) }
        }
    }

    /// Makes the revisions that are due.
    func step(_ statuses: @autoclosure () -> [EndpointStatus], now: ContinuousClock.Instant) async throws {
        let rolling = state.withLock { state in state.revisions.filter { $0.spec?.rollout != nil } }
        guard !rolling.isEmpty else { return }
        let statuses = statuses()
        for revision in rolling {
            let status = statuses.first { $0.endpoint == revision.endpoint }
            let canary = revision.spec?.canaries.first?.version
            let isReady = status?.versions.contains {
                $0.version == canary && $0.state == "ready" && $0.route.hasPrefix("canary")
            }
            let action = state.withLock { state in
                state.plans[revision.endpoint, default: RolloutPlan()].next(
                    revision.spec, revision: revision.number, isReady: isReady == true, now: now)
            }
            switch action {
            case .none, .wait: continue
            case .advance(let spec, let reason), .finish(let spec, let reason):
                try await append(spec, reason, after: revision)
            }
        }
    }

    private func append(_ spec: EndpointSpec, _ reason: String, after revision: EndpointRevision) async throws {
        do {
            _ = try await store.appendRevision(
                of: revision.endpoint, spec: spec, reason: reason, expected: revision.number)
        } catch let error as RegistryError where error.code == .conflict {
            // Somebody else made a revision first: it is read soon, and decided about then.
        }
        state.withLock { state in state.revisions.removeAll { $0.endpoint == revision.endpoint } }
    }
}
