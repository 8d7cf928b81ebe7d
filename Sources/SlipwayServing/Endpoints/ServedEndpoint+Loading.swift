// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayEngine
import Synchronization

/// How loads come into memory and leave it.
extension ServedEndpoint {
    /// Brings one load to readiness, step by step.
    func prepare(_ id: EndpointPlan.LoadID, _ need: LoadNeed) async {
        let (spec, recorded) = state.withLock { state in
            (state.plan.desired?.spec ?? EndpointSpec(primary: need.version), state.recorded)
        }
        var loader = VersionLoader(endpoint: name, need: need, spec: spec, context: context, recorded: recorded)
        var action = advance(id) { $0.start() }
        // Retired before it began.
        guard case .perform? = action else { return forget(id) }
        while case .perform(let step)? = action {
            do {
                try await loader.perform(step)
                // Before anybody hears that it is ready, and may have it go.
                keep(id, loader)
                action = advance(id) { $0.succeeded(step) }
            } catch {
                state.withLock { $0.slots[id]?.failure = error }
                action = advance(id) { $0.failed(step, message: "\(error)") }
                state.withLock { $0.slots[id]?.room = nil }
                await loader.discard()
                let now = ContinuousClock.now
                perform(decide { $0.failed(id, now: now) })
            }
        }
        switch action {
        case .publish?: publish(id)
        case .unload?:
            loader = VersionLoader(endpoint: name, need: need, spec: spec, context: context, recorded: recorded)
            await unload(id)
        default: break
        }
    }

    private func keep(_ id: EndpointPlan.LoadID, _ loader: VersionLoader) {
        state.withLock { state in
            guard var slot = state.slots[id] else { return }
            slot.loaded = loader.loaded
            slot.room = loader.room
            state.slots[id] = slot
            guard slot.loaded != nil else { return }
            state.loadTimes[slot.need.version] = ContinuousClock.now - slot.startedAt
            let known = Set(state.slots.values.map(\.need.version))
            let previous = state.previous
            state.loadTimes = state.loadTimes.filter { known.contains($0.key) || $0.key == previous }
        }
    }

    private func publish(_ id: EndpointPlan.LoadID) {
        let (room, loaded) = state.withLock { ($0.slots[id]?.room, $0.slots[id]?.loaded) }
        if let room, let loaded {
            room.attach(usage: { [weak loaded] in loaded?.usage }, evict: { [weak self] in self?.evict(id) })
            // Only now may it be made to go: as long as it is loading, it cannot.
            room.settle(byteCount: loaded.model.residentBytes)
        }
        let now = ContinuousClock.now
        perform(decide { $0.becameReady(id, now: now) })
    }

    /// Its memory is wanted, or nobody has asked for it for long.
    private func evict(_ id: EndpointPlan.LoadID) {
        let now = ContinuousClock.now
        let actions = decide { plan in
            switch plan.role(of: id) {
            case .standby?: plan.dropStandby(now: now)
            case .serving?, .coming?: plan.evict(now: now)
            // It is going already, and others are not to go for it.
            case .leaving?, nil: []
            }
        }
        perform(actions)
    }

    func retire(_ id: EndpointPlan.LoadID) {
        state.withLock { $0.slots[id]?.room }?.leaving()
        guard advance(id, { $0.retire() }) == .drain, let loaded = state.withLock({ $0.slots[id]?.loaded })
        else { return }
        loaded.drain {
            if self.advance(id, { $0.drained() }) == .unload { Task { await self.unload(id) } }
        }
    }

    private func unload(_ id: EndpointPlan.LoadID) async {
        // Stays where ``tick(now:)`` finds it: a call that hangs is to be given up, or its lane would never end.
        await state.withLock { $0.slots[id]?.loaded }?.stopLanes()
        // Freeing a large model and trimming take milliseconds: not on a thread that answers requests.
        let freed: Void? = try? await LoaderThread.run { [self] in
            release(id)
            context.trimMemory()
        }
        // Where no thread could be had for it.
        if freed == nil { release(id) }
        _ = state.withLock { $0.slots[id]?.room.take() }
        _ = advance(id) { $0.unloadFinished() }
        forget(id)
    }

    /// Lets go of the model, which is to be gone before anybody hears that it is unloaded.
    private func release(_ id: EndpointPlan.LoadID) { _ = state.withLock { $0.slots[id]?.loaded.take() } }

    private func forget(_ id: EndpointPlan.LoadID) {
        let now = ContinuousClock.now
        perform(decide { $0.unloaded(id, now: now) })
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
                    endpoint: name, version: slot.need.version, state: slot.lifecycle.state,
                    isOnlyLoad: !state.slots.contains {
                        $0.key != id && $0.value.need.version == slot.need.version && !$0.value.lifecycle.isOver
                    },
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
