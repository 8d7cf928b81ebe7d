// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayServing
import SlipwayTestKit

/// An endpoint's plan and a clock that stands still, with actions as text: `load 1 of m:1`, `route r1 1:1` (revision,
/// then version and load), `route none`, `retire 1`.
struct PlanWalk {
    var plan = EndpointPlan()
    var now = ContinuousClock.now
    private var revision = 0

    init() {}

    /// Wants a version in a new revision; nothing is kept for a rollback unless `change` says otherwise.
    mutating func desire(
        _ number: Int, instances: Int? = nil, _ change: (inout EndpointSpec) -> Void = { _ in }
    ) -> [String] {
        revision += 1
        return desire(ServingRig.assignment(number, revision: revision, instances: instances, change))
    }

    mutating func desire(_ assignment: EndpointAssignment?) -> [String] {
        plan.desire(assignment, now: now).map(Self.text)
    }

    mutating func ready(_ id: Int) -> [String] { plan.becameReady(id, now: now).map(Self.text) }
    mutating func failed(_ id: Int) -> [String] { plan.failed(id, now: now).map(Self.text) }
    mutating func unloaded(_ id: Int) -> [String] { plan.unloaded(id, now: now).map(Self.text) }
    mutating func requested() -> [String] { plan.requested(now: now).map(Self.text) }
    mutating func evict() -> [String] { plan.evict(now: now).map(Self.text) }
    mutating func dropStandby() -> [String] { plan.dropStandby(now: now).map(Self.text) }

    mutating func passes(_ time: Duration) -> [String] {
        now += time
        return plan.tick(now: now).map(Self.text)
    }

    /// Brings a version into force whose loads are all ready, with nothing to be done.
    mutating func serve(_ number: Int, load: Int, _ change: (inout EndpointSpec) -> Void = { _ in }) {
        _ = desire(number, change)
        _ = ready(load)
    }

    private static func text(_ action: EndpointPlan.Action) -> String {
        switch action {
        case .load(let id, let need): return "load \(id) of \(need.version)"
        case .retire(let id): return "retire \(id)"
        case .route(nil): return "route none"
        case .route(let routes?):
            let loads = routes.loads.map { "\($0.key.number):\($0.value)" }.sorted()
            return (["route", "r\(routes.assignment.revision)"] + loads).joined(separator: " ")
        }
    }
}
