// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// Decides what guards do about alerts that fire.
///
/// Every alert sets a guard off once: one that keeps firing does nothing more. Between two deeds of a guard lies its
/// cool-down, and after ``maximumDeeds`` within ``deedWindowSeconds`` it leaves the rest to a person, so that it cannot
/// flap. What it did is known from the decisions recorded, so a new leader or a restarted replica goes on from there;
/// what it decided itself it remembers, should the record be late.
package struct GuardPlanner: Sendable {
    package static let maximumDeeds = 3
    package static let deedWindowSeconds = 86_400.0
    package static let usualCoolDownSeconds = 600.0
    /// After a deed that failed, before it is tried again.
    package static let retrySeconds = 10.0

    /// One alert from its beginning to its end.
    private struct Episode: Sendable, Hashable {
        var fingerprint: String
        var startedAt: Timestamp

        init(_ alert: Alert) {
            fingerprint = alert.fingerprint
            startedAt = alert.startedAt
        }
    }

    private struct Memory: Sendable {
        /// Newest last; the latest ``maximumRemembered``.
        var decided: [GuardDecision] = []
        /// Recorded as waiting already.
        var waiting: Set<Episode> = []
        /// What was taken up of the records last.
        var recorded: [GuardDecision] = []

        /// Adds the records that are not of a decision remembered, and what became of those that are.
        mutating func take(_ records: [GuardDecision]) {
            var known: [Deed: Int] = [:]
            for (index, decision) in decided.enumerated() where known[Deed(decision)] == nil {
                known[Deed(decision)] = index
            }
            for decision in records {
                if let index = known[Deed(decision)] {
                    if decision.outcome == .failed { decided[index].outcome = .failed }
                } else {
                    known[Deed(decision)] = decided.count
                    decided.append(decision)
                }
            }
            recorded = records
        }
    }

    /// What makes a record and a memory one: the same evidence, and the same outcome but for a failure.
    private struct Deed: Hashable {
        let episodes: Set<Episode>
        let outcome: GuardDecision.Outcome

        init(_ decision: GuardDecision) {
            episodes = Set(decision.evidence.map(Episode.init))
            outcome = decision.outcome == .failed ? .acted : decision.outcome
        }
    }

    private struct GuardKey: Sendable, Hashable {
        var endpoint: String
        var name: String
    }

    private var memory: [GuardKey: Memory] = [:]

    package init() {}

    /// - Parameters:
    ///   - firing: The alerts that fire now, of any endpoint.
    ///   - spec: The desired state in force.
    ///   - recentDecisions: Of the endpoint, of at least the last day, in any order.
    /// - Returns: At most one entry for each guard, and at most one that changes the endpoint's routes.
    package mutating func plan(
        firing: [Alert], endpoint: String, spec: EndpointSpec, recentDecisions: [GuardDecision], at: Timestamp
    ) -> [GuardAction] {
        let names = Set(spec.monitoring.guards.map(\.name))
        memory = memory.filter { $0.key.endpoint != endpoint || names.contains($0.key.name) }
        var actions: [GuardAction] = []
        var routesChange = false
        for guardSpec in spec.monitoring.guards {
            let key = GuardKey(endpoint: endpoint, name: guardSpec.name)
            let alerts = firing.filter {
                $0.key.endpoint == endpoint && $0.state == .firing && guardSpec.rules.contains($0.rule)
            }
            let past = history(key, recentDecisions, at)
            guard let action = decide(guardSpec, key, spec, alerts: alerts, past: past, at: at) else { continue }
            if action.mustAct, guardSpec.action.changesRoutes {
                // The next look is at the new routes.
                if routesChange { continue }
                routesChange = true
            }
            remember(action, key, at)
            actions.append(action)
        }
        return actions
    }

    /// The deed of an action could not be done: it is tried again after ``retrySeconds``.
    package mutating func failed(_ action: GuardAction, at: Timestamp) {
        let key = GuardKey(endpoint: action.endpoint, name: action.guardName)
        guard let last = memory[key]?.decided.lastIndex(where: { $0.outcome == action.outcome }) else { return }
        memory[key]?.decided[last].outcome = .failed
    }

    // MARK: One guard

    private mutating func decide(
        _ guardSpec: GuardSpec, _ key: GuardKey, _ spec: EndpointSpec, alerts: [Alert], past: [GuardDecision],
        at: Timestamp
    ) -> GuardAction? {
        let episodes = Set(alerts.map(Episode.init))
        memory[key]?.waiting.formIntersection(episodes)
        let settled = Self.settled(past)
        let fresh = alerts.filter { !settled.contains(Episode($0)) }
        guard !fresh.isEmpty else { return nil }
        // What nothing could be done about is looked at again, for routes change, and recorded once.
        let idle = Set(past.filter { $0.outcome == .nothingToDo }.flatMap { $0.evidence.map(Episode.init) })
        var action = GuardAction(
            endpoint: key.endpoint, guardName: guardSpec.name, action: guardSpec.action, outcome: .acted,
            version: nil, fallback: guardSpec.fallback, receiver: guardSpec.receiver, evidence: fresh, reason: "")
        if let obstacle = Self.obstacle(guardSpec, past, at) {
            let news = fresh.filter {
                memory[key]?.waiting.contains(Episode($0)) != true && !idle.contains(Episode($0))
            }
            guard !news.isEmpty else { return nil }
            action.evidence = news
            action.outcome = .coolingDown
            action.reason = obstacle
        } else {
            let reach = GuardReach(guardSpec, spec)
            let meant = fresh.filter(reach.concerns)
            if meant.isEmpty {
                action.evidence = fresh.filter { !idle.contains(Episode($0)) }
                guard !action.evidence.isEmpty else { return nil }
                action.outcome = .nothingToDo
                action.reason = reach.nothingToDo
            } else {
                action.evidence = meant
                action.outcome = guardSpec.isDryRun ? .dryRun : .acted
                action.reason = reach.reason(meant)
            }
        }
        action.evidence.sort { ($0.startedAt, $0.fingerprint) < ($1.startedAt, $1.fingerprint) }
        action.version = action.evidence.compactMap(\.key.version).first
        return action
    }

    /// Alerts that the guard is done with.
    private static func settled(_ past: [GuardDecision]) -> Set<Episode> {
        let done = past.filter { $0.outcome == .acted || $0.outcome == .dryRun }
        var settled = Set(done.flatMap { $0.evidence.map(Episode.init) })
        // What cannot be done after so many attempts is left to a person.
        var failures: [Episode: Int] = [:]
        for decision in past where decision.outcome == .failed {
            for alert in decision.evidence { failures[Episode(alert), default: 0] += 1 }
        }
        settled.formUnion(failures.filter { $0.value >= maximumDeeds }.keys)
        return settled
    }

    /// Why the guard must not act yet; `nil` when it may.
    private static func obstacle(_ guardSpec: GuardSpec, _ past: [GuardDecision], _ at: Timestamp) -> String? {
        let past = past.filter { seconds(from: $0.at, to: at) < deedWindowSeconds }
        let deeds = past.filter { $0.outcome == .acted || $0.outcome == .dryRun }
        let coolDown = guardSpec.coolDownSeconds ?? usualCoolDownSeconds
        if let last = deeds.map(\.at).max(), seconds(from: last, to: at) < coolDown {
            return "acted at \(last), and cools down for \(AlertText.time(seconds: coolDown))"
        }
        if deeds.count >= maximumDeeds {
            return "acted \(deeds.count) times within a day: a person has to decide"
        }
        let failures = past.filter { $0.outcome == .failed }
        if let last = failures.map(\.at).max(), seconds(from: last, to: at) < retrySeconds {
            return "failed at \(last), and tries again after \(AlertText.time(seconds: retrySeconds))"
        }
        return nil
    }

    private static func seconds(from earlier: Timestamp, to later: Timestamp) -> Double {
        (Double(later.milliseconds) - Double(earlier.milliseconds)) / 1000
    }

    // MARK: What was decided

    /// The decisions of a guard, recorded ones and own; those of a clock that was ahead count as of now.
    private mutating func history(_ key: GuardKey, _ recorded: [GuardDecision], _ at: Timestamp) -> [GuardDecision] {
        var memorised = memory[key] ?? Memory()
        let mine = recorded.filter { $0.endpoint == key.endpoint && $0.guardName == key.name }
        if mine != memorised.recorded { memorised.take(mine) }
        for index in memorised.decided.indices where memorised.decided[index].at > at {
            memorised.decided[index].at = at
        }
        // An alert may outlast the day: what settled it must not be forgotten while it is told.
        memorised.decided.sort { $0.at < $1.at }
        if memorised.decided.count > Self.maximumRemembered {
            memorised.decided.removeFirst(memorised.decided.count - Self.maximumRemembered)
        }
        memory[key] = memorised
        return memorised.decided
    }

    private static let maximumRemembered = 1000

    private mutating func remember(_ action: GuardAction, _ key: GuardKey, _ at: Timestamp) {
        if action.outcome == .coolingDown {
            memory[key, default: Memory()].waiting.formUnion(action.evidence.map(Episode.init))
        }
        memory[key, default: Memory()].decided.append(action.decision(at: at, replica: ""))
    }
}
