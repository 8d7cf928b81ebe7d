// SPDX-License-Identifier: Apache-2.0

extension BatchPlanner {
    /// A batch passes over at most so many requests that do not suit it.
    private static var mostPassedOver: Int { 256 }

    /// How much longer an idle lane leaves what waits alone; `nil`: it takes it now.
    ///
    /// Only with a delay set by hand, and never so long that a deadline or the latency target would be missed.
    mutating func waitsForCompany(_ now: Duration) -> Duration? {
        guard policy.maximumDelay > .zero, policy.isBatching else { return nil }
        let wanted = policy.preferredRows.first ?? choice.rows
        guard waitingRows < wanted else { return nil }
        var oldest = now
        for order in orders {
            for position in 0..<order.count {
                oldest = min(oldest, slots[Int(order[position].slot)].arrived)
            }
        }
        let call = Duration.seconds(curve.seconds(rows: wanted) ?? 0)
        var until = oldest + policy.maximumDelay
        if let target = policy.latencyTarget { until = min(until, oldest + target - call) }
        // With a margin of as much again: the call may take longer, and the lane is to be woken first.
        if let deadline = nearestDeadline() { until = min(until, deadline - call * 2) }
        return now < until ? until - now : nil
    }

    /// Fills ``picks`` with what one call is to take; the slot of the first, whose form they share.
    mutating func gather(now: Duration, idleLanes: Int) -> Int? {
        picks.removeAll(keepingCapacity: true)
        cursors.removeAll(keepingCapacity: true)
        for _ in orders { cursors.append(0) }
        guard let level = nextLevel() else { return nil }
        let head = orders[level][0].slot
        let first = slots[Int(head)]
        let inTime = rowsInTime(arrived: first.arrived, now: now) ?? policy.maximumRows
        let share = (waitingRows - 1) / max(1, idleLanes) + 1
        let limit = min(callRows(), share, inTime)
        // Where batching brings no profit, cutting brings none either: portions are as large as a call may be.
        let portion = choice.rows > 1 ? limit : min(policy.maximumRows, share, inTime)
        var total = first.rowsLeft
        if isCut(first) { total = min(total, portion) }
        picks.append(Pick(position: 0, slot: head, rows: total))
        cursors[level] = 1
        if total < limit, waitingRequests > 1 { fill(from: Int(head), total: &total, limit: limit, now: now) }
        if !policy.preferredRows.isEmpty { cutToPreferred(total) }
        return Int(head)
    }

    /// Adds requests behind the head's until the batch is full.
    ///
    /// A client that has a request passed over because of its form is left out from there on: its later ones may
    /// not overtake. The first request that suits but has too many rows ends the search, so that it is not
    /// overtaken for ever by smaller ones.
    private mutating func fill(from first: Int, total: inout Int, limit: Int, now: Duration) {
        var limit = limit
        var oldest = slots[first].arrived
        var passedOver: Set<FairShares.Flow> = []
        var chances = Self.mostPassedOver
        while total < limit, let level = nextLevel() {
            let position = cursors[level]
            let slot = orders[level][position].slot
            cursors[level] += 1
            let waiting = slots[Int(slot)]
            guard forms[Int(slot)] == forms[first], passedOver.isEmpty || !passedOver.contains(waiting.flow) else {
                passedOver.insert(waiting.flow)
                chances -= 1
                if chances == 0 { return }
                continue
            }
            if waiting.arrived < oldest {
                oldest = waiting.arrived
                limit = min(limit, rowsInTime(arrived: oldest, now: now) ?? limit)
            }
            let rows = min(waiting.rowsLeft, limit - total)
            guard rows > 0, rows == waiting.rowsLeft || isCut(waiting) else { return }
            picks.append(Pick(position: position, slot: slot, rows: rows))
            total += rows
        }
    }

    /// Removes the picks from the queue and makes them a batch.
    mutating func takePicks(form: Form) -> Batch<Form> {
        var portions: [Portion] = []
        portions.reserveCapacity(picks.count)
        for index in cursors.indices { cursors[index] = -1 }
        var total = 0
        var rest: Int32?
        for pick in picks {
            let waiting = slots[Int(pick.slot)]
            let end = waiting.taken + pick.rows
            let isLast = end == waiting.rows
            portions.append(Portion(id: waiting.id, rows: waiting.taken..<end, isLast: isLast))
            total += pick.rows
            orders[waiting.priority].take(at: pick.position)
            cursors[waiting.priority] = pick.position
            let length = FairShares.length(of: waiting.taken..<end, in: waiting.rows)
            shares.served(start: waiting.tag, length: length)
            if isLast {
                shares.finish(waiting.flow, end: waiting.tag + length)
                release(pick.slot)
            } else {
                slots[Int(pick.slot)].taken = end
                slots[Int(pick.slot)].tag += length
                rowSum &-= pick.rows
                rest = pick.slot
            }
        }
        for (level, position) in cursors.enumerated() where position >= 0 { orders[level].sweep(through: position) }
        if let rest {
            let waiting = slots[Int(rest)]
            orders[waiting.priority].insert(RequestOrder.Key(tag: waiting.tag, slot: rest))
        }
        return Batch(portions: portions, rows: total, form: form)
    }

    /// The class whose next request goes first, past the cursors.
    private func nextLevel() -> Int? {
        var best: (level: Int, slot: Int, due: Duration)?
        for level in orders.indices where cursors[level] < orders[level].count {
            let slot = Int(orders[level][cursors[level]].slot)
            let due = slots[slot].arrived + handicaps[level]
            if let ahead = best {
                guard due < ahead.due else { continue }
                // Being old is no right to overtake for a client that had more than the one it would overtake.
                let isSameClient = slots[slot].client == slots[ahead.slot].client
                guard isSameClient || slots[slot].tag <= slots[ahead.slot].tag else { continue }
            }
            best = (level, slot, due)
        }
        return best?.level
    }

    /// The most rows of a call; now and then twice the chosen size, to notice a model that behaves otherwise now.
    private mutating func callRows() -> Int {
        callsSinceTrial += 1
        let bound = policy.maximumRows
        guard
            callsSinceTrial >= Self.callsBetweenTrials, policy.isBatching, policy.preferredRows.isEmpty,
            choice.rows < bound, waitingRows > choice.rows
        else { return choice.rows }
        callsSinceTrial = 0
        return choice.rows > bound / 2 ? bound : choice.rows * 2
    }

    /// The most rows with which a request that arrived then meets the latency target; `nil`: no bound.
    ///
    /// A request that is late whatever is done sets no bound: small calls would only make those behind it late too.
    private func rowsInTime(arrived: Duration, now: Duration) -> Int? {
        guard let target = policy.latencyTarget else { return nil }
        let left = (target - (now - arrived)).inSeconds
        let rows = curve.rows(within: left, atMost: policy.maximumRows)
        return rows > 0 ? rows : nil
    }

    /// Whether a request runs in portions: it has more rows than a call takes, or lost some of them already.
    private func isCut(_ waiting: Slot) -> Bool {
        policy.isBatching && waiting.splits
            && (waiting.taken > 0 || waiting.rows > policy.maximumRows)
    }

    /// Gives back what is above the largest preferred size that is filled; at least one request stays.
    private mutating func cutToPreferred(_ total: Int) {
        guard let goal = policy.preferredRows.last(where: { $0 <= total }) else { return }
        var total = total
        while total > goal, picks.count > 1, let last = picks.popLast() { total -= last.rows }
    }
}
