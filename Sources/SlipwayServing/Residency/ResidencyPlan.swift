// SPDX-License-Identifier: Apache-2.0

/// Decides which models are in a replica's memory.
///
/// Counts bytes: of models that are there, of those being loaded (as estimated), of those that wait until others
/// are gone. A load that needs room has the least recently used models evicted that are neither pinned nor in use,
/// and begins when they are gone; loads that wait begin in their order. One that would not fit even then is refused
/// at once and nobody is evicted for it.
package struct ResidencyPlan<Key: Hashable & Sendable>: Sendable {
    package enum Action: Sendable, Hashable {
        /// Unload it, then report ``unloaded(_:)``.
        case evict(Key)
        /// Load it, then report ``loaded(_:bytes:now:)`` or ``unloaded(_:)`` when that fails.
        case load(Key)
        /// Do not load it: it needs more than `free` bytes, which is what could be had by evicting.
        case refuse(Key, needed: Int, free: Int, budget: Int)
    }

    /// Bytes for all models together; `Int.max` for no limit.
    package private(set) var budget: Int
    private var entries: [Key: ResidencyEntry] = [:]
    /// Entries made so far.
    private var created = 0
    /// Loads that wait for evictions, in their order.
    private var waiting: [(key: Key, bytes: Int, policy: ResidencyPolicy)] = []

    /// - Parameter budget: Bytes; `nil` for no limit.
    package init(budget: Int?) { self.budget = max(0, budget ?? .max) }

    // MARK: - Events

    /// A model is wanted in memory.
    ///
    /// - Parameters:
    ///   - estimate: Bytes it is going to take.
    ///   - policy: In force from now on.
    /// - Returns: Nothing when it is there or on its way already.
    package mutating func wantToLoad(
        _ key: Key, estimate: Int, policy: ResidencyPolicy = ResidencyPolicy(), now: ContinuousClock.Instant
    ) -> [Action] {
        update(key, policy: policy)
        used(key, now: now)
        guard !waiting.contains(where: { $0.key == key }) else { return [] }
        if let entry = entries[key], entry.state != .evicting { return [] }
        let bytes = max(0, estimate)
        guard let victims = victims(toFit: bytes) else {
            return [.refuse(key, needed: bytes, free: freeable, budget: budget)]
        }
        waiting.append((key, bytes, policy))
        return evict(victims) + beginLoads(now)
    }

    /// A load succeeded; `bytes` is what the model truly takes.
    ///
    /// - Returns: What follows when it is more or less than was estimated.
    package mutating func loaded(_ key: Key, bytes: Int, now: ContinuousClock.Instant) -> [Action] {
        guard var entry = entries[key], entry.state == .loading else { return [] }
        entry.state = .resident
        entry.bytes = max(0, bytes)
        entry.lastUse = max(entry.lastUse, now)
        entries[key] = entry
        return settle(now)
    }

    /// A model is on its way out for reasons of its own: loads may wait for its bytes.
    package mutating func leaving(_ key: Key) { entries[key]?.state = .evicting }

    /// A model is gone: evicted, retired, or its load failed.
    package mutating func unloaded(_ key: Key, now: ContinuousClock.Instant) -> [Action] {
        entries[key] = nil
        return settle(now)
    }

    /// How a model is used, as the shell found it: one with uses is not evicted.
    package mutating func observed(_ key: Key, uses: Int, lastUse: ContinuousClock.Instant) {
        entries[key]?.uses = max(0, uses)
        used(key, now: lastUse)
    }

    private mutating func used(_ key: Key, now: ContinuousClock.Instant) {
        guard let last = entries[key]?.lastUse, now > last else { return }
        entries[key]?.lastUse = now
    }

    package mutating func update(_ key: Key, policy: ResidencyPolicy) { entries[key]?.policy = policy }

    /// Counts with another budget from the next load on; nothing is evicted for it now.
    package mutating func expect(budget: Int) { self.budget = max(0, budget) }

    // MARK: - Idle models

    /// Models that nobody has used for as long as their policy allows, to be unloaded like evicted ones.
    ///
    /// Pinned ones too: pinning keeps a model from making room for others, not from its own rule.
    package mutating func idle(_ now: ContinuousClock.Instant) -> [Key] {
        let keys = entries.filter { $0.value.idleAt.map { $0 <= now } == true }.sorted(by: Self.isOlder).map(\.key)
        for key in keys { entries[key]?.state = .evicting }
        return keys
    }

    // MARK: - Looking at it

    /// Bytes of what is in memory or being loaded, what is about to go included.
    package var used: Int { Self.sum(entries.values.lazy.map(\.bytes)) }

    /// Bytes of what is in memory, without what is only on its way there.
    package var settled: Int { Self.sum(entries.values.lazy.filter { $0.state != .loading }.map(\.bytes)) }

    // MARK: - Decisions

    /// Bytes that are taken when everything under way is done.
    private var committed: Int {
        let staying = entries.values.lazy.filter { $0.state != .evicting }.map(\.bytes)
        return Self.sum([Self.sum(staying), Self.sum(waiting.lazy.map(\.bytes))])
    }

    /// Bytes that could be had by evicting whatever may be evicted.
    private var freeable: Int {
        let evictable = Self.sum(entries.values.lazy.filter(\.isEvictable).map(\.bytes))
        return max(0, budget - max(0, committed - evictable))
    }

    /// The models to evict so that `bytes` more fit; `nil` when they cannot be made to fit.
    private func victims(toFit bytes: Int) -> [Key]? {
        guard bytes <= budget else { return nil }
        var needed = Self.sum([committed, bytes])
        guard needed > budget else { return [] }
        var victims: [Key] = []
        for (key, entry) in entries.filter({ $0.value.isEvictable && $0.value.bytes > 0 }).sorted(by: Self.isOlder) {
            victims.append(key)
            needed -= entry.bytes
            if needed <= budget { return victims }
        }
        return nil
    }

    private mutating func evict(_ keys: [Key]) -> [Action] {
        for key in keys { entries[key]?.state = .evicting }
        return keys.map { .evict($0) }
    }

    /// Loads of what waits, in order, as far as there is room now.
    private mutating func beginLoads(_ now: ContinuousClock.Instant) -> [Action] {
        var actions: [Action] = []
        while let next = waiting.first, entries[next.key] == nil,
            budget == .max || next.bytes <= budget - min(budget, used)
        {
            waiting.removeFirst()
            created += 1
            entries[next.key] = ResidencyEntry(
                bytes: next.bytes, lastUse: now, serial: created, policy: next.policy)
            actions.append(.load(next.key))
        }
        return actions
    }

    /// What follows when bytes changed: room is made for what is too much, the youngest waiting loads that do not fit
    /// even so are refused, and what fits begins.
    private mutating func settle(_ now: ContinuousClock.Instant) -> [Action] {
        var actions: [Action] = []
        while committed > budget {
            if let victims = victims(toFit: 0) {
                actions += evict(victims)
            } else if let last = waiting.popLast() {
                actions.append(.refuse(last.key, needed: last.bytes, free: freeable, budget: budget))
            } else {
                // Nothing waits and what is there may not all go: what may go, goes.
                let evictable = entries.filter { $0.value.isEvictable && $0.value.bytes > 0 }
                actions += evict(evictable.sorted(by: Self.isOlder).map(\.key))
                break
            }
        }
        return actions + beginLoads(now)
    }

    /// Whether `one` is to go before `other`: used longer ago, or else there for longer.
    private static func isOlder(
        _ one: (key: Key, value: ResidencyEntry), _ other: (key: Key, value: ResidencyEntry)
    ) -> Bool {
        (one.value.lastUse, one.value.serial) < (other.value.lastUse, other.value.serial)
    }

    /// Held at `Int.max`: estimates come from outside.
    private static func sum(_ parts: some Sequence<Int>) -> Int {
        parts.reduce(0) { sum, part in
            let (result, overflow) = sum.addingReportingOverflow(part)
            return overflow ? .max : result
        }
    }
}
