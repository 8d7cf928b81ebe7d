// SPDX-License-Identifier: Apache-2.0

/// Shares the process's cores among everything that computes.
///
/// Owners that wait take turns, one demand each, so that one with a long queue holds up another by one demand only.
/// The demand whose turn it is waits for its cores with nobody let past it, so that a large one is not starved by
/// small ones. Background demands take what is idle while no other waits.
package struct CoreLedger<Waiter: Sendable>: Sendable {
    private struct Demand: Sendable {
        let cores: Int
        let waiter: Waiter
    }

    /// Demands that wait, in lines by owner.
    private struct Lines: Sendable {
        /// Owners with demands, in the order of their turns.
        private var turns: [Int] = []
        private var lines: [Int: [Demand]] = [:]
        private(set) var count = 0

        var first: Demand? { turns.first.flatMap { lines[$0]?.first } }

        mutating func append(_ demand: Demand, owner: Int) {
            if lines[owner] == nil { turns.append(owner) }
            lines[owner, default: []].append(demand)
            count += 1
        }

        /// Takes the demand whose turn it is; its owner goes to the end.
        mutating func takeFirst() -> Demand? {
            guard let owner = turns.first, var line = lines[owner], !line.isEmpty else { return nil }
            // Taken out while it changes, so that it is not copied.
            lines[owner] = nil
            turns.removeFirst()
            let demand = line.removeFirst()
            count -= 1
            if !line.isEmpty {
                lines[owner] = line
                turns.append(owner)
            }
            return demand
        }

        mutating func remove(_ owner: Int) -> [Demand] {
            guard let line = lines.removeValue(forKey: owner) else { return [] }
            turns.removeAll { $0 == owner }
            count -= line.count
            return line
        }
    }

    package let cores: Int
    private var inUse = 0
    private var normal = Lines()
    private var background = Lines()

    /// - Parameter cores: Taken as 1 when smaller.
    package init(cores: Int) { self.cores = max(1, cores) }

    /// Asks for cores: more than there are count as all of them, less than one as one.
    ///
    /// - Returns: Whether they are granted at once; else `waiter` comes back from ``release(cores:)`` in
    ///   its turn.
    package mutating func request(_ owner: Int, cores: Int, urgency: CoreUrgency, waiter: Waiter) -> Bool {
        let wanted = held(cores)
        let isFirst = normal.count == 0 && (urgency == .normal || background.count == 0)
        if isFirst && wanted <= self.cores - inUse {
            inUse += wanted
            return true
        }
        let demand = Demand(cores: wanted, waiter: waiter)
        switch urgency {
        case .normal: normal.append(demand, owner: owner)
        case .background: background.append(demand, owner: owner)
        }
        return false
    }

    /// Gives cores back: the number that was asked for.
    ///
    /// - Returns: Who has cores now.
    package mutating func release(cores: Int) -> [Waiter] {
        inUse = max(0, inUse - held(cores))
        return grants()
    }

    /// Moves an owner's demands from the background to the others.
    ///
    /// - Returns: Who has cores now.
    package mutating func promote(_ owner: Int) -> [Waiter] {
        for demand in background.remove(owner) { normal.append(demand, owner: owner) }
        return grants()
    }

    package var snapshot: CoreSnapshot {
        CoreSnapshot(cores: cores, inUse: inUse, waiting: normal.count, waitingInBackground: background.count)
    }

    private func held(_ asked: Int) -> Int { min(max(1, asked), cores) }

    private mutating func grants() -> [Waiter] {
        var granted: [Waiter] = []
        while let next = normal.first ?? background.first, next.cores <= cores - inUse {
            guard let demand = normal.count > 0 ? normal.takeFirst() : background.takeFirst() else { break }
            inUse += demand.cores
            granted.append(demand.waiter)
        }
        return granted
    }
}

/// Whether somebody waits for the result.
package enum CoreUrgency: Sendable, Hashable {
    case normal
    /// Shadows and warm-up.
    case background
}

/// How the cores stand.
package struct CoreSnapshot: Sendable, Hashable {
    package let cores: Int
    package let inUse: Int
    /// Demands of requests that wait.
    package let waiting: Int
    package let waitingInBackground: Int

    package init(cores: Int, inUse: Int, waiting: Int, waitingInBackground: Int) {
        self.cores = cores
        self.inUse = inUse
        self.waiting = waiting
        self.waitingInBackground = waitingInBackground
    }
}
