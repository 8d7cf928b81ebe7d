// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// What a rollback goes back to: an earlier revision, whose rollout never begins again.
struct RollbackGoal: Equatable {
    /// The revision that it repeats.
    let revision: Int
    let spec: EndpointSpec

    /// - Parameters:
    ///   - history: Of one endpoint, oldest first, not empty.
    ///   - number: The revision to repeat, with its canaries' shares held as they were; `nil` to find one, see
    ///     ``latest(in:)``.
    /// - Throws: `notFound` when there is no such revision, `invalid` when it was an undeployment.
    static func find(in history: [EndpointRevision], to number: Int?) throws(RegistryError) -> RollbackGoal {
        guard let last = history.last else { throw RegistryError(.notFound, "the endpoint has no revision") }
        let endpoint = last.endpoint
        guard let number else {
            if let goal = latest(in: history) { return goal }
            throw RegistryError(
                .notFound, "endpoint '\(endpoint)' has no earlier revision that differs from what is in force")
        }
        guard let revision = history.first(where: { $0.number == number }) else {
            throw RegistryError(
                .notFound, "endpoint '\(endpoint)' has no revision \(number), it has 1 to \(last.number)")
        }
        guard var spec = revision.spec else {
            throw RegistryError(
                .invalid,
                "revision \(number) of '\(endpoint)' undeployed it: "
                    + "use 'slipway undeploy \(endpoint)' for that, or roll back to another revision")
        }
        spec.rollout = nil
        return RollbackGoal(revision: number, spec: spec)
    }

    /// The latest earlier revision that was deployed, differs from what is in force and was no step of a rollout.
    ///
    /// A step counts where its primary came with the rollout: where it is not the present one, nor that of the
    /// revision before the rollout. Its primary then answers alone. When there is neither, but a rollout is under
    /// way, its end is gone back to.
    private static func latest(in history: [EndpointRevision]) -> RollbackGoal? {
        let current = history.last?.spec
        var step: RollbackGoal?
        for revision in history.dropLast().reversed() {
            guard let spec = revision.spec else { continue }
            if spec.rollout != nil {
                if step == nil, spec.primary != current?.primary { step = alone(spec, revision.number) }
            } else if spec != current {
                if let step, step.spec.primary != spec.primary { return step }
                return RollbackGoal(revision: revision.number, spec: spec)
            }
        }
        if let step { return step }
        guard let last = history.last, let current, current.rollout != nil else { return nil }
        return alone(current, last.number)
    }

    private static func alone(_ spec: EndpointSpec, _ revision: Int) -> RollbackGoal {
        var spec = spec
        spec.canaries = []
        spec.rollout = nil
        return RollbackGoal(revision: revision, spec: spec)
    }
}
