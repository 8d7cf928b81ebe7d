// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayEngine
import Synchronization

/// One endpoint on this replica: carries out what ``EndpointPlan`` and ``VersionLifecycle`` decide.
package final class ServedEndpoint: Sendable {
    private struct Slot {
        let assignment: EndpointAssignment
        let startedAt: ContinuousClock.Instant
        var lifecycle = VersionLifecycle()
        var loaded: LoadedVersion?
    }

    private struct State {
        var plan = EndpointPlan()
        var slots: [EndpointPlan.LoadID: Slot] = [:]
        var route: LoadedVersion?
        /// The newest load, for status.
        var newest: EndpointPlan.LoadID?

        /// The load that status tells of: the one under way, else the newest one that is what is wanted, else the
        /// one that serves.
        var shown: Slot? {
            if let pending = plan.pendingLoad { return slots[pending] }
            let last = newest.flatMap { slots[$0] }
            guard let serving = plan.servingLoad, let desired = plan.desired else { return last }
            return last.map { desired.isServed(by: $0.assignment) } == true ? last : slots[serving]
        }
    }

    package let name: String
    package let admission: AdmissionController
    private let context: ServingContext
    private let state = Mutex(State())

    init(name: String, context: ServingContext) {
        self.name = name
        self.context = context
        admission = AdmissionController(
            maximumRequests: context.configuration.maximumRequests, maximumBytes: context.configuration.maximumBytes)
    }

    // MARK: - Requests

    /// The version that answers a request: the routed one, or the one asked for by number.
    ///
    /// - Throws: ``ServingError`` `notReady`, `unknownVersion` or `unknownEndpoint`.
    package func version(_ number: Int?) throws(ServingError) -> LoadedVersion {
        let (route, chosen, isClosed) = state.withLock { state -> (LoadedVersion?, LoadedVersion?, Bool) in
            guard let number, state.route?.id.number != number else {
                return (state.route, state.route, state.plan.desired == nil)
            }
            let other = state.slots.values.first { $0.loaded?.id.number == number && $0.lifecycle.state == .ready }
            return (state.route, other?.loaded, state.plan.desired == nil)
        }
        if let chosen { return chosen }
        if isClosed { throw .unknownEndpoint(name) }
        if let number, route != nil { throw .unknownVersion(number, endpoint: name) }
        let status = status()
        if let number, let wanted = status.wanted, wanted.number != number {
            throw .unknownVersion(number, endpoint: name)
        }
        throw .notReady(name, why: status.message ?? status.state)
    }

    // MARK: - Desired state

    package func desire(_ assignment: EndpointAssignment?) {
        perform(decide { $0.desire(assignment) })
    }

    /// Whether every version is gone from memory.
    package var isEmpty: Bool { state.withLock { $0.slots.values.allSatisfy { $0.lifecycle.isOver } } }

    package func status() -> EndpointStatus {
        state.withLock { state in
            let newest = state.shown
            let route = state.route
            var message: String?
            if case .failed(let step, let text)? = newest?.lifecycle.state {
                message = "\(step.rawValue) of \(newest?.assignment.version.description ?? "") failed: \(text)"
            }
            return EndpointStatus(
                endpoint: name, revision: state.plan.desired?.revision ?? 0, serving: route?.id,
                wanted: state.plan.desired?.version, state: newest?.lifecycle.state.name ?? "new", message: message,
                engine: route?.engine, lanes: route?.laneCount ?? 0, inFlight: route?.inFlight ?? 0,
                residentBytes: state.slots.values.reduce(0) { $0 + ($1.loaded?.model.residentBytes ?? 0) })
        }
    }

    // MARK: - Actions

    /// Takes one decision, and routes requests by it before anybody else decides.
    ///
    /// Decision and route change together: were the route set later, news of another thread could come between, and
    /// a version retired meanwhile would stay the route for good.
    private func decide(_ decision: (inout EndpointPlan) -> [EndpointPlan.Action]) -> [EndpointPlan.Action] {
        state.withLock { state in
            let actions = decision(&state.plan)
            for action in actions {
                switch action {
                case .serve(let id): state.route = state.slots[id]?.loaded
                case .close: state.route = nil
                case .load, .retire: break
                }
            }
            return actions
        }
    }

    private func perform(_ actions: [EndpointPlan.Action]) {
        for action in actions {
            switch action {
            case .load(let id, let assignment): begin(id, assignment)
            case .retire(let id): retire(id)
            case .serve, .close: break
            }
        }
    }

    private func begin(_ id: EndpointPlan.LoadID, _ assignment: EndpointAssignment) {
        state.withLock { state in
            // A load that failed is kept only until the next one, for status to tell why.
            state.slots = state.slots.filter { !$0.value.lifecycle.isOver }
            state.slots[id] = Slot(assignment: assignment, startedAt: .now)
            state.newest = id
        }
        Task { await prepare(id, assignment) }
    }

    /// Brings one load to readiness, step by step.
    private func prepare(_ id: EndpointPlan.LoadID, _ assignment: EndpointAssignment) async {
        var loader = VersionLoader(assignment: assignment, context: context)
        var action = advance(id) { $0.start() }
        while case .perform(let step)? = action {
            do {
                try await loader.perform(step)
                if step == .load { state.withLock { $0.slots[id]?.loaded = loader.loaded } }
                action = advance(id) { $0.succeeded(step) }
            } catch {
                action = advance(id) { $0.failed(step, message: "\(error)") }
                await loader.loaded?.stopLanes()
                state.withLock { $0.slots[id]?.loaded = nil }
                perform(decide { $0.failed(id) })
            }
        }
        switch action {
        case .publish?: perform(decide { $0.becameReady(id) })
        case .unload?: await unload(id)
        default: break
        }
    }

    private func retire(_ id: EndpointPlan.LoadID) {
        let loaded = state.withLock { $0.slots[id]?.loaded }
        guard advance(id, { $0.retire() }) == .drain, let loaded else { return }
        loaded.drain {
            if self.advance(id, { $0.drained() }) == .unload { Task { await self.unload(id) } }
        }
    }

    private func unload(_ id: EndpointPlan.LoadID) async {
        // No name for the version: it is to be gone before anybody hears that it is unloaded.
        await state.withLock { $0.slots[id]?.loaded.take() }?.stopLanes()
        _ = advance(id) { $0.unloadFinished() }
    }

    /// Feeds one event to a load's lifecycle and reports the state it leads to.
    private func advance(
        _ id: EndpointPlan.LoadID, _ event: (inout VersionLifecycle) -> VersionLifecycle.Action
    ) -> VersionLifecycle.Action? {
        let (action, news) = state.withLock { state -> (VersionLifecycle.Action?, ServingEvent?) in
            guard var slot = state.slots[id] else { return (nil, nil) }
            let before = slot.lifecycle.state
            let action = event(&slot.lifecycle)
            state.slots[id] = slot
            guard slot.lifecycle.state != before else { return (action, nil) }
            return (
                action,
                ServingEvent(
                    endpoint: name, version: slot.assignment.version, state: slot.lifecycle.state,
                    elapsed: ContinuousClock.now - slot.startedAt)
            )
        }
        if let news { context.report(news) }
        return action
    }
}

extension VersionLifecycle {
    /// Whether nothing more will happen to the version.
    var isOver: Bool {
        switch state {
        case .unloaded, .failed: true
        default: false
        }
    }
}
