// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import Synchronization

/// Makes room for models in this replica's memory: carries out what ``ResidencyPlan`` decides.
package final class ModelMemory: Sendable {
    /// How a model in memory is used.
    struct Usage: Sendable {
        let uses: Int
        let lastUse: ContinuousClock.Instant

        func joined(_ other: Usage) -> Usage {
            Usage(uses: uses + other.uses, lastUse: max(lastUse, other.lastUse))
        }
    }

    private struct Tenant {
        let owner: String
        let version: VersionID
        var isAnswering = false
        var isStandby = false
        var usage: @Sendable () -> Usage? = { nil }
        var evict: @Sendable () -> Void = {}
        /// Whoever waits for room.
        var waiting: CheckedContinuation<Void, any Error>?
    }

    private struct State {
        var plan: ResidencyPlan<UInt64>
        var tenants: [UInt64: Tenant] = [:]
        var lastKey: UInt64 = 0
    }

    private let budget: Int?
    private let available: @Sendable () -> Int?
    private let state: Mutex<State>

    /// - Parameters:
    ///   - budget: Bytes for all models; `nil` for what the machine has.
    ///   - available: Bytes that the machine could give now; `nil` where that is not known.
    package init(budget: Int?, available: @escaping @Sendable () -> Int? = MachineMemory.available) {
        self.budget = budget
        self.available = available
        state = Mutex(State(plan: ResidencyPlan(budget: budget)))
    }

    /// Bytes that models take, and may take.
    package var load: (used: Int, budget: Int) { state.withLock { ($0.plan.used, $0.plan.budget) } }

    /// Waits until there is room for a model, which may mean that others have to go.
    ///
    /// - Parameter owner: The endpoint; its versions that answer are not among those others.
    /// - Throws: ``ServingError`` `outOfMemory` when there never will be.
    func makeRoom(
        for version: VersionID, of owner: String, estimate: MemoryEstimate, policy: ResidencyPolicy
    ) async throws -> MemoryRoom {
        let key = state.withLock { state -> UInt64 in
            state.lastKey += 1
            state.tenants[state.lastKey] = Tenant(owner: owner, version: version)
            return state.lastKey
        }
        let room = MemoryRoom(memory: self, key: key)
        // Read outside the lock: it takes system calls.
        let free = budget == nil ? available() : nil
        try await withCheckedThrowingContinuation { continuation in
            perform { state in
                state.tenants[key]?.waiting = continuation
                observe(&state, keeping: owner)
                measure(&state, free: free)
                return state.plan.wantToLoad(key, estimate: estimate.bytes, policy: policy, now: .now)
            }
        }
        return room
    }

    /// Unloads what nobody has used for as long as its policy allows.
    func evictIdle(now: ContinuousClock.Instant) {
        let evictions = state.withLock { state -> [@Sendable () -> Void] in
            observe(&state)
            return state.plan.idle(now).compactMap { state.tenants[$0]?.evict }
        }
        for evict in evictions { evict() }
    }

    // MARK: - Rooms

    fileprivate func attach(
        _ key: UInt64, usage: @escaping @Sendable () -> Usage?, evict: @escaping @Sendable () -> Void
    ) {
        state.withLock {
            // Until more is known: it was loaded to answer.
            $0.tenants[key]?.isAnswering = true
            $0.tenants[key]?.usage = usage
            $0.tenants[key]?.evict = evict
        }
    }

    fileprivate func settle(_ key: UInt64, byteCount: Int) {
        perform { $0.plan.loaded(key, bytes: byteCount, now: .now) }
    }

    fileprivate func adopt(_ key: UInt64, _ policy: ResidencyPolicy, _ role: EndpointPlan.Role?) {
        var policy = policy
        // The rollback window says how long it stays.
        if role == .standby { policy.idleAfter = nil }
        state.withLock {
            $0.tenants[key]?.isAnswering = role == .serving
            $0.tenants[key]?.isStandby = role == .standby
            $0.plan.update(key, policy: policy)
        }
    }

    fileprivate func leaving(_ key: UInt64) { state.withLock { $0.plan.leaving(key) } }

    fileprivate func leave(_ key: UInt64) {
        perform { state in
            state.tenants[key] = nil
            return state.plan.unloaded(key, now: .now)
        }
    }

    // MARK: - Actions

    /// Tells the plan how its models were used since it was asked last.
    ///
    /// What answers for one endpoint stays and goes together: a canary that gets few requests is as much in use as the
    /// primary beside it.
    ///
    /// - Parameter owner: Whose models do not make room, as long as they answer: they are to do so until the one that
    ///   is being loaded is ready.
    private func observe(_ state: inout State, keeping owner: String? = nil) {
        var together: [String: Usage] = [:]
        var usages: [UInt64: Usage] = [:]
        for (key, tenant) in state.tenants {
            guard let usage = tenant.usage() else { continue }
            usages[key] = usage
            guard tenant.isAnswering else { continue }
            together[tenant.owner] = together[tenant.owner].map { $0.joined(usage) } ?? usage
        }
        for (key, usage) in usages {
            guard let tenant = state.tenants[key] else { continue }
            // What is to replace an endpoint's versions is not idle while those answer.
            let isShared = tenant.isAnswering || together[tenant.owner] != nil && !tenant.isStandby
            let known = isShared ? together[tenant.owner]?.joined(usage) ?? usage : usage
            let isKept = tenant.isAnswering && tenant.owner == owner
            state.plan.observed(key, uses: known.uses + (isKept ? 1 : 0), lastUse: known.lastUse)
        }
    }

    /// Tells the plan what the machine has, where nobody set a budget.
    ///
    /// - Parameter free: Bytes the machine could give; what loads under way will still take is not free any more.
    private func measure(_ state: inout State, free: Int?) {
        guard budget == nil, let free else { return }
        let (sum, overflow) = free.addingReportingOverflow(state.plan.settled)
        state.plan.expect(budget: overflow ? .max : sum)
    }

    private func perform(_ event: (inout State) -> [ResidencyPlan<UInt64>.Action]) {
        let effects = state.withLock { state in
            event(&state).compactMap { action -> (@Sendable () -> Void)? in
                switch action {
                case .evict(let key): return state.tenants[key]?.evict
                case .load(let key):
                    guard let waiting = state.tenants[key]?.waiting.take() else { return nil }
                    return { waiting.resume() }
                case .refuse(let key, let needed, let free, let whole):
                    guard let tenant = state.tenants[key], let waiting = state.tenants[key]?.waiting.take() else {
                        return nil
                    }
                    let error = ServingError.outOfMemory(
                        tenant.version, needed: needed, free: free, budget: budget == nil ? nil : whole)
                    return { waiting.resume(throwing: error) }
                }
            }
        }
        for effect in effects { effect() }
    }
}

/// A model's place in memory; free again when it goes.
final class MemoryRoom: Sendable {
    private let memory: ModelMemory
    private let key: UInt64

    fileprivate init(memory: ModelMemory, key: UInt64) {
        self.memory = memory
        self.key = key
    }

    /// The model is there and takes so much.
    func settle(byteCount: Int) { memory.settle(key, byteCount: byteCount) }

    /// Tells how to see whether the model is used, and how to make it go.
    func attach(usage: @escaping @Sendable () -> ModelMemory.Usage?, evict: @escaping @Sendable () -> Void) {
        memory.attach(key, usage: usage, evict: evict)
    }

    /// - Parameter role: What the model is there for.
    func adopt(_ policy: ResidencyPolicy, _ role: EndpointPlan.Role?) { memory.adopt(key, policy, role) }

    /// The model is on its way out: others may wait for its bytes.
    func leaving() { memory.leaving(key) }

    deinit { memory.leave(key) }
}
