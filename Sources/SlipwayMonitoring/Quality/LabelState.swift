// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// What is known of predictions and their labels: the fold of a journal's records. No clock, no lock, no effect.
///
/// Times of records never go back; where the wall clock does, ``tick(_:)`` gives a record that says so.
package struct LabelState: Sendable, Equatable {
    /// Most versions that answer under one request id: one that serves, and shadows.
    private static let maximumParts = 8

    package let limits: LabelLimits
    private var entries: [String: Entry] = [:]
    /// Ids in the order of their predictions: those before `head` are gone, those before `expiring` too old to join.
    private var order: [(id: String, at: Int64)] = []
    private var head = 0
    private var expiring = 0
    private var clock: Int64 = .min
    package private(set) var bytes = 0
    package private(set) var waiting = 0
    package private(set) var expired = 0
    package private(set) var evicted = 0
    /// By the time at which labels came.
    package private(set) var quality: WindowRing<QualityWindow>

    /// All predictions under one request id.
    struct Entry: Sendable, Equatable {
        var at: Int64
        var cost: Int
        var parts: [Part]
    }

    /// One version's prediction.
    struct Part: Sendable, Equatable {
        enum State: Sendable, Equatable {
            case waiting(PredictionRecord)
            case labelled
            case expired
        }
        var version: VersionID
        var at: Int64
        var isShadow: Bool
        var state: State
        var kpis: [String] = []
    }

    package init(limits: LabelLimits) {
        self.limits = limits
        quality = WindowRing(limits.window)
    }

    package static func == (one: LabelState, other: LabelState) -> Bool {
        one.limits == other.limits && one.entries == other.entries && one.bytes == other.bytes
            && one.waiting == other.waiting && one.quality == other.quality
            && one.order[one.head...].elementsEqual(other.order[other.head...]) { $0.id == $1.id && $0.at == $1.at }
    }

    // MARK: Time

    /// The time of the next record; the second is a record to write and apply first, after the clock was put back.
    ///
    /// Steps back of less than a part of a window hold the time still instead.
    package func tick(_ now: Timestamp) -> (at: Timestamp, step: JournalRecord?) {
        // Whatever a clock says: differences of two times never overflow.
        let now = Timestamp(
            milliseconds: min(max(now.milliseconds, -JournalCodec.maximumTime), JournalCodec.maximumTime))
        guard clock != .min, now.milliseconds < clock else { return (now, nil) }
        let back = clock - now.milliseconds
        if back > limits.window.bucketMilliseconds { return (now, .clockStep(at: now, by: back)) }
        return (Timestamp(milliseconds: clock), nil)
    }

    /// Ends the waiting of what is too old, without a record.
    package mutating func advance(to now: Timestamp) {
        guard clock == .min || now.milliseconds > clock else { return }
        clock = now.milliseconds
        expire()
    }

    /// The time of the newest record; `nil` before the first.
    package var now: Timestamp? { clock == .min ? nil : Timestamp(milliseconds: clock) }

    /// Since when records are needed to come to this state again.
    package func needed(at now: Timestamp) -> JournalHorizon {
        let oldest = head < order.count ? order[head].at : now.milliseconds
        let window = now.milliseconds - limits.window.bucketMilliseconds * Int64(limits.window.buckets)
        return JournalHorizon(
            // Estimates are of predictions in the window, with labels or without.
            predictions: Timestamp(milliseconds: min(oldest, window)),
            // The label of a prediction that is remembered is needed too, else it could be counted again.
            feedback: Timestamp(milliseconds: min(oldest, window)))
    }

    /// After a fold: what ended before is not this process's count.
    package mutating func restartCounts() {
        expired = 0
        evicted = 0
    }

    // MARK: Records

    package mutating func apply(_ record: JournalRecord) {
        switch record {
        case .prediction(let prediction):
            advance(to: prediction.at)
            insert(prediction)
        case .feedback(let join):
            advance(to: join.at)
            settle(join)
        case .clockStep(let at, let back):
            move(back: back)
            clock = at.milliseconds
        }
    }

    /// Forgets predictions from before `instant`: their labels may be missing from the journal.
    package mutating func forget(before instant: Timestamp) {
        while head < order.count, order[head].at < instant.milliseconds { removeOldest() }
    }

    func entry(_ id: String) -> Entry? { entries[id] }

    private mutating func insert(_ prediction: PredictionRecord) {
        let part = Part(
            version: prediction.version, at: prediction.at.milliseconds, isShadow: prediction.isShadow,
            state: .waiting(prediction))
        let cost = prediction.cost
        let entry = Entry(at: part.at, cost: cost, parts: [part])
        // Nearly always the first under its id, which is looked up once then.
        if var known = entries.updateValue(entry, forKey: prediction.requestID) {
            // The first prediction stands where a caller gave one id to several requests.
            let isNew =
                known.parts.count < Self.maximumParts
                && !known.parts.contains { $0.version == prediction.version }
            if isNew {
                known.parts.append(part)
                known.cost += cost
            }
            entries[prediction.requestID] = known
            guard isNew else { return }
        } else {
            order.append((prediction.requestID, part.at))
        }
        bytes += cost
        waiting += 1
        while bytes > limits.budgetBytes, head < order.count { removeOldest() }
    }

    private mutating func settle(_ join: JoinRecord) {
        var fresh = join
        if var entry = entries[join.requestID],
            let position = entry.parts.firstIndex(where: { $0.version == join.version })
        {
            if case .waiting(let prediction) = entry.parts[position].state, !join.outcomes.isEmpty {
                entry.parts[position].state = .labelled
                let saved = prediction.cost - Self.labelledCost(join.requestID)
                entry.cost -= saved
                bytes -= saved
                waiting -= 1
            } else {
                fresh.outcomes = []
            }
            let known = entry.parts[position].kpis
            fresh.kpis = join.kpis.filter { !known.contains($0.key) }
            entry.parts[position].kpis += fresh.kpis.keys.sorted()
            entries[join.requestID] = entry
        }
        guard !fresh.outcomes.isEmpty || !fresh.kpis.isEmpty else { return }
        quality.update(at: join.at) { $0.add(fresh) }
    }

    /// What stays of a prediction that has its label: enough to know the label again.
    private static func labelledCost(_ id: String) -> Int { 160 + id.utf8.count }

    // MARK: Ageing

    private mutating func expire() {
        expiring = max(expiring, head)
        while expiring < order.count, clock - order[expiring].at > limits.labelWindow {
            expireParts(of: order[expiring].id)
            expiring += 1
        }
        while head < order.count, clock - order[head].at > limits.remembered { removeOldest() }
    }

    private mutating func expireParts(of id: String) {
        guard var entry = entries[id] else { return }
        for position in entry.parts.indices {
            guard case .waiting(let prediction) = entry.parts[position].state else { continue }
            entry.parts[position].state = .expired
            let saved = prediction.cost - Self.labelledCost(id)
            entry.cost -= saved
            bytes -= saved
            waiting -= 1
            expired += 1
            noteUnlabelled(prediction.version)
        }
        entries[id] = entry
    }

    private mutating func removeOldest() {
        let id = order[head].id
        head += 1
        if let entry = entries.removeValue(forKey: id) {
            bytes -= entry.cost
            for part in entry.parts {
                guard case .waiting = part.state else { continue }
                waiting -= 1
                evicted += 1
                noteUnlabelled(part.version)
            }
        }
        // Seldom, so that each id is moved once on the average.
        if head > 1024, head > order.count / 2 {
            order.removeFirst(head)
            expiring = max(0, expiring - head)
            head = 0
        }
    }

    private mutating func noteUnlabelled(_ version: VersionID) {
        quality.update(at: Timestamp(milliseconds: clock)) { $0.noteUnlabelled(version) }
    }

    private mutating func move(back: Int64) {
        for position in order.indices { order[position].at -= back }
        for id in entries.keys {
            entries[id]?.at -= back
            for position in entries[id]?.parts.indices ?? 0..<0 { entries[id]?.parts[position].at -= back }
        }
        quality.move(back: back)
    }
}
