// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayEngine
import Synchronization

extension ServedEndpoint {
    package func status() -> EndpointStatus {
        state.withLock { state in
            let desired = state.plan.desired
            let slots = state.slots.sorted { $0.key < $1.key }
            let primary =
                desired.map { desired in
                    slots.last { $0.value.need == desired.primaryNeed && !$0.value.isLeaving }?.value
                } ?? nil
            return EndpointStatus(
                endpoint: name, revision: desired?.revision ?? 0, serving: state.table?.primary?.id,
                wanted: desired?.spec.primary, state: stateName(primary, state), message: primary?.failureText,
                versions: slots.map { status($0.key, $0.value, state) }.sorted { Self.rank($0) < Self.rank($1) },
                notes: notes(state))
        }
    }

    /// Serving, failed for good, or not to be loaded before somebody asks.
    var isSettled: Bool {
        state.withLock { state in
            if state.table?.primary != nil || state.plan.isCold { return true }
            // One that goes has settled what it answers: nothing.
            guard let desired = state.plan.desired else { return true }
            return state.slots.values.contains { $0.need == desired.primaryNeed && $0.failureText != nil }
        }
    }

    private func stateName(_ primary: Slot?, _ state: State) -> String {
        if let primary { return primary.lifecycle.state.name }
        if state.plan.desired == nil {
            return state.slots.max { $0.key < $1.key }?.value.lifecycle.state.name ?? "unloaded"
        }
        return state.plan.isCold ? "cold" : "new"
    }

    private func status(_ id: EndpointPlan.LoadID, _ slot: Slot, _ state: State) -> VersionStatus {
        let running = slot.loaded?.runner.status()
        return VersionStatus(
            version: slot.need.version, state: slot.lifecycle.state.name, route: route(id, slot, state),
            message: slot.failureText, engine: slot.loaded?.engine, lanes: slot.loaded?.laneCount ?? 0,
            threadsPerCall: slot.loaded?.threadsPerCall ?? 0, precision: slot.loaded?.precision,
            residentBytes: slot.loaded?.model.residentBytes ?? 0,
            inFlight: slot.loaded?.inFlight ?? 0, waiting: running?.waiting ?? 0,
            hungCalls: running?.hungLanes ?? 0, batching: running?.batching)
    }

    private func route(_ id: EndpointPlan.LoadID, _ slot: Slot, _ state: State) -> String {
        let version = slot.need.version
        switch state.plan.role(of: id) {
        case .serving?: return state.plan.active.map { Self.part(of: version, in: $0.spec) } ?? "primary"
        case .coming?: return "coming"
        case .standby?: return "standby"
        case .leaving?, nil: return "leaving"
        }
    }

    private static func part(of version: VersionID, in spec: EndpointSpec) -> String {
        if version == spec.primary { return spec.canaries.isEmpty ? "primary" : "primary \(spec.primaryShare)" }
        if let canary = spec.canaries.first(where: { $0.version == version }) { return "canary \(canary.share)" }
        if spec.rules.contains(where: { $0.version == version }) { return "rule" }
        return spec.shadows.first { $0.version == version }.map { "shadow \($0.rate)" } ?? "standby"
    }

    private static func rank(_ status: VersionStatus) -> Int {
        let order = ["primary", "canary", "rule", "shadow", "coming", "standby", "leaving"]
        return order.firstIndex { status.route.hasPrefix($0) } ?? order.count
    }

    private func notes(_ state: State) -> [String] {
        var notes: [String] = []
        for (version, tally) in mirror.tallies.sorted(by: { $0.key < $1.key }) {
            notes.append("shadow \(version): \(tally.text)")
        }
        if let statistics = cache.statistics {
            let asked = statistics.hits + statistics.misses
            notes.append("cache: \(statistics.hits) of \(asked) requests answered, \(statistics.bytes) bytes kept")
        }
        for slot in state.slots.values.sorted(by: { $0.need.version < $1.need.version }) {
            guard let hung = slot.loaded?.runner.status().hungLanes, hung > 0 else { continue }
            notes.append("degraded: \(hung) engine calls of \(slot.need.version) hang; their lanes were replaced")
        }
        if let previous = state.previous, let time = state.loadTimes[previous] {
            let isResident = state.slots.values.contains { $0.need.version == previous && $0.lifecycle.state == .ready }
            notes.append(
                isResident
                    ? "rollback to \(previous): at once"
                    : "rollback to \(previous): loads in about \(ServingError.text(time))")
        }
        return notes
    }
}

extension ServedEndpoint.Slot {
    fileprivate var failureText: String? {
        guard case .failed(let step, let text) = lifecycle.state else { return nil }
        return "\(step.rawValue) of \(need.version) failed: \(text)"
    }

    fileprivate var isLeaving: Bool {
        switch lifecycle.state {
        case .draining, .unloading, .unloaded: true
        default: false
        }
    }
}

extension ShadowTally {
    /// `1,200 compared, 3 differ, ...`
    var text: String {
        var text = "\(compared) compared, \(differed) differ, \(failed) failed, \(dropped) dropped"
        if largestDifference > 0 { text += ", largest difference \(largestDifference)" }
        if let lastReason { text += "; last: \(lastReason)" }
        return text
    }
}
