// SPDX-License-Identifier: Apache-2.0

/// Decides which waiting requests an idle lane runs together.
///
/// Owns no clock, lock, task or engine. An idle lane is given what waits at once: requests gather only while all
/// lanes work, unless a delay was set by hand. How many go into one call is learned from the calls themselves.
///
/// Order: a request of class p is served as if it had arrived p × aging later, so that urgent ones go first and
/// none waits for ever; in a class, and against a more urgent class that it would overtake by age, no client gets
/// more rows than another that waits; requests of one client and class are served in the order they were added.
///
/// Adding and taking cost O(log n + batch) and moves within one small array; removing looks through all that wait.
package struct BatchPlanner<Form: Hashable & Sendable>: Sendable {
    /// A request that waits. Plain numbers only, for it is copied on the hot path; its form is in ``forms``.
    struct Slot: Sendable {
        let id: UInt64
        let rows: Int
        let client: Int
        let priority: Int
        let splits: Bool
        /// Since the planner's ``epoch``.
        let arrived: Duration
        /// Rows handed out so far.
        var taken = 0
        /// Virtual start of the rows that are left.
        var tag: Int
        /// Tells the requests of one slot apart; 0: the slot is free.
        var serial: UInt64

        var rowsLeft: Int { rows - taken }
        var flow: FairShares.Flow { FairShares.Flow(client: client, priority: priority) }
    }

    /// One request of the batch that is being put together.
    struct Pick {
        let position: Int
        let slot: Int32
        var rows: Int
    }

    /// Calls between two trials of a larger call than the chosen one.
    static var callsBetweenTrials: Int { 1_000 }

    /// As given, without sizes that are out of bounds.
    package private(set) var policy: BatchPolicy
    package private(set) var curve: CostCurve
    package private(set) var waitingRequests = 0

    // Nothing here bounds rows: their sum wraps round instead of trapping.
    var rowSum = 0
    var slots: [Slot] = []
    /// By slot; a free slot keeps its last form until it is used again.
    var forms: [Form] = []
    /// The slots' ids, close together: removing looks through them.
    private var ids: [UInt64] = []
    var orders: [RequestOrder] = []
    var shares = FairShares()
    /// What each class counts as having arrived later.
    let handicaps: [Duration]
    private var freeSlots: [Int32] = []
    private var deadlines = DeadlineHeap()
    private var expired: [UInt64] = []
    private var serial: UInt64 = 0
    /// The first instant heard of; times are kept as durations since then.
    private var epoch: ContinuousClock.Instant?

    /// The most rows a call is given now, and why.
    private(set) var choice: (rows: Int, verdict: CostCurve.Verdict)
    var callsSinceTrial = 0
    // Kept between calls only to save their allocation.
    var picks: [Pick] = []
    var cursors: [Int] = []

    package init(policy: BatchPolicy, curve: CostCurve = CostCurve()) {
        let policy = policy.normalized
        self.policy = policy
        self.curve = curve
        handicaps = (0..<WaitingRequest<Form>.classes).map { policy.aging * $0 }
        choice = Self.choice(policy, curve)
    }

    /// Goes by another policy from now on, also for what waits; ``BatchPolicy/aging`` stays as it was.
    package mutating func adopt(_ policy: BatchPolicy) {
        self.policy = policy.normalized
        choice = Self.choice(self.policy, curve)
    }

    package var waitingRows: Int { rowSum < 0 ? .max : rowSum }

    /// Why calls have the size they have.
    package var explanation: BatchExplanation {
        BatchExplanation(policy: policy, curve: curve, chosenRows: choice.rows, verdict: choice.verdict)
    }

    /// Queues a request.
    package mutating func add(_ request: WaitingRequest<Form>) {
        serial += 1
        let flow = FairShares.Flow(client: request.client, priority: request.priority)
        let entry = Slot(
            id: request.id, rows: request.rows, client: request.client, priority: request.priority,
            splits: request.splits, arrived: time(request.arrivedAt),
            tag: shares.add(flow, rows: request.rows), serial: serial)
        let slot: Int32
        if let free = freeSlots.popLast() {
            slot = free
            slots[Int(free)] = entry
            ids[Int(free)] = request.id
            forms[Int(free)] = request.form
        } else {
            slot = Int32(slots.count)
            slots.append(entry)
            ids.append(request.id)
            forms.append(request.form)
        }
        while orders.count <= request.priority { orders.append(RequestOrder()) }
        orders[request.priority].insert(RequestOrder.Key(tag: entry.tag, slot: slot))
        waitingRequests += 1
        rowSum &+= request.rows
        if let deadline = request.deadline {
            if deadlines.count > 2 * waitingRequests + 64 { sweepDeadlines() }
            deadlines.push(DeadlineHeap.Entry(deadline: time(deadline), slot: slot, serial: serial))
        }
    }

    /// Removes a cancelled request, or what is left of it; false when it does not wait any more.
    package mutating func remove(_ id: UInt64) -> Bool {
        for slot in ids.indices where ids[slot] == id && slots[slot].serial != 0 {
            drop(Int32(slot))
            return true
        }
        return false
    }

    /// What an idle lane is to do; requests whose deadline has passed are taken out first.
    ///
    /// - Parameter idleLanes: The asking lane counted too; what waits is divided among them.
    package mutating func next(now: ContinuousClock.Instant, idleLanes: Int) -> BatchStep<Form> {
        let time = time(now)
        expire(time)
        guard waitingRequests > 0 else { return .idle }
        if let wait = waitsForCompany(time) { return .wait(until: now + wait) }
        guard let slot = gather(now: time, idleLanes: idleLanes) else { return .idle }
        return .run(takePicks(form: forms[slot]))
    }

    /// The requests whose deadline passed while they waited, each told once.
    ///
    /// ``next(now:idleLanes:)`` takes them out too but does not tell: call this after it. Of a request that was
    /// cut, earlier portions may have been handed out.
    package mutating func takeExpired(now: ContinuousClock.Instant) -> [UInt64] {
        expire(time(now))
        guard !expired.isEmpty else { return [] }
        defer { expired = [] }
        return expired
    }

    /// Learns from an engine call that ended well.
    package mutating func executed(rows: Int, duration: Duration) {
        curve.record(rows: rows, seconds: duration.inSeconds)
        choice = Self.choice(policy, curve)
    }

    /// Deadline of the request that is the next to expire.
    mutating func nearestDeadline() -> Duration? {
        while let first = deadlines.first {
            if slots[Int(first.slot)].serial == first.serial { return first.deadline }
            deadlines.removeFirst()
        }
        return nil
    }

    /// Gives the slot of a request that was handed out or dropped back.
    mutating func release(_ slot: Int32) {
        let index = Int(slot)
        waitingRequests -= 1
        rowSum &-= slots[index].rowsLeft
        slots[index].serial = 0
        freeSlots.append(slot)
        if waitingRequests == 0 { shares.reset() }
    }

    private mutating func drop(_ slot: Int32) {
        let entry = slots[Int(slot)]
        orders[entry.priority].remove(RequestOrder.Key(tag: entry.tag, slot: slot))
        let left = FairShares.length(of: entry.taken..<entry.rows, in: entry.rows)
        shares.drop(entry.flow, start: entry.tag, length: left, wasBegun: entry.taken > 0)
        release(slot)
    }

    private mutating func time(_ instant: ContinuousClock.Instant) -> Duration {
        guard let epoch else {
            epoch = instant
            return .zero
        }
        return epoch.duration(to: instant)
    }

    private mutating func expire(_ now: Duration) {
        while let first = deadlines.first, first.deadline <= now {
            deadlines.removeFirst()
            guard slots[Int(first.slot)].serial == first.serial else { continue }
            expired.append(slots[Int(first.slot)].id)
            drop(first.slot)
        }
    }

    private mutating func sweepDeadlines() {
        deadlines.sweep { slots[Int($0.slot)].serial == $0.serial }
    }

    private static func choice(_ policy: BatchPolicy, _ curve: CostCurve) -> (rows: Int, verdict: CostCurve.Verdict) {
        guard policy.isBatching else { return (1, .settled) }
        if let preferred = policy.preferredRows.last { return (preferred, .settled) }
        return curve.choose(atMost: policy.maximumRows)
    }
}
