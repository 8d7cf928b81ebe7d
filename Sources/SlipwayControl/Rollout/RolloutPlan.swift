// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// Decides when a canary's share grows to its next step, and when the canary becomes the primary.
///
/// Keep one per endpoint and replica. Holds are counted on the monotonic clock from when the canary was ready under
/// the step's revision, so steps of the wall clock do nothing, a canary that is not ready holds the rollout, and a
/// restarted replica begins the step's hold again. Several replicas may decide the same: the revision each makes
/// expects the one it looked at, so one of them wins.
package struct RolloutPlan: Sendable {
    package enum Action: Sendable, Equatable {
        /// Nothing rolls out.
        case none
        /// Ask again then, or when the revision or the canary's readiness changes.
        case wait(until: ContinuousClock.Instant)
        /// Apply this next step.
        case advance(to: EndpointSpec, reason: String)
        /// Every step was held: apply this spec, whose primary is the canary.
        case finish(EndpointSpec, reason: String)
    }

    /// How soon a canary that is not ready is looked at again.
    package static let recheck: Duration = .seconds(1)

    private var revision: Int?
    private var readySince: ContinuousClock.Instant?

    package init() {}

    /// - Parameters:
    ///   - spec: Of the revision in force; `nil` when the endpoint is undeployed.
    ///   - isReady: Whether the canary answers on this replica.
    package mutating func next(
        _ spec: EndpointSpec?, revision: Int, isReady: Bool, now: ContinuousClock.Instant
    ) -> Action {
        if revision != self.revision {
            self.revision = revision
            readySince = nil
        }
        guard let spec, let rollout = spec.rollout, let canary = spec.canaries.first,
            rollout.steps.indices.contains(rollout.position)
        else { return .none }
        guard isReady else {
            readySince = nil
            return .wait(until: now + Self.recheck)
        }
        let since = readySince ?? now
        readySince = since
        let due = since + Self.hold(rollout.steps[rollout.position])
        if now < due { return .wait(until: due) }
        let next = rollout.position + 1
        guard next < rollout.steps.count else {
            return .finish(
                spec.promoting(canary.version), reason: "rollout finished: promote \(canary.version)")
        }
        var advanced = spec
        advanced.rollout?.position = next
        advanced.canaries[0].share = rollout.steps[next].share
        return .advance(
            to: advanced, reason: "rollout \(next + 1) of \(rollout.steps.count): \(rollout.steps[next].share)")
    }

    /// A stored spec may hold any number: one that is no time at all is none.
    private static func hold(_ step: Rollout.Step) -> Duration {
        guard step.holdSeconds > 0 else { return .zero }
        return .milliseconds(min(step.holdSeconds, EndpointCheck.longestSeconds) * 1000)
    }
}
