// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// What is known of predictions and their labels: the fold of a journal's records. No clock, no lock, no effect.
///
/// Predictions lie in a ring as the journal's bytes, each with a header and its part of an index; all of that is what
/// ``LabelLimits/budgetBytes`` bounds. Oldest ones go first, one by one. A prediction that has its label stays until
/// its turn comes, so that the label is known again. Times of records never go back; where the wall clock does,
/// ``tick(_:)`` gives a record that says so.
package struct LabelState: Sendable {
    /// Most versions that answer under one request id: one that serves, and shadows.
    private static let maximumParts = 8

    package let limits: LabelLimits
    private var ring: PredictionRing
    private var versions = VersionTable()
    /// Names of the business numbers that came for a prediction.
    private var kpis: [PredictionRing.Position: [String]] = [:]
    private var kpiBytes = 0
    /// Predictions before this one wait no longer.
    private var expiring: PredictionRing.Position = 0
    private var clock: Int64 = .min
    /// By how much the clock was put back in all: times in the ring are by the clock as it was at first.
    private var back: Int64 = 0
    /// Nothing is too old before the clock is past this.
    private var quiet: Int64 = .min
    package private(set) var waiting = 0
    package private(set) var expired = 0
    package private(set) var evicted = 0
    private var counted: WindowRing<QualityWindow>
    /// What the table noted belongs to the part of the window that ends here.
    private var notedUntil: Int64 = .min

    package init(limits: LabelLimits) {
        self.limits = limits
        ring = PredictionRing(chunkBytes: limits.budgetBytes / 4)
        counted = WindowRing(limits.window)
    }

    /// Of all predictions that wait or are remembered, with what is kept beside them.
    package var bytes: Int { ring.bytes + kpiBytes }

    /// By the time at which labels came.
    package var quality: WindowRing<QualityWindow> {
        var whole = self
        whole.countNoted()
        return whole.counted
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
        guard now.milliseconds > clock else { return }
        if versions.unlabelled > 0, now.milliseconds >= notedUntil { countNoted() }
        clock = now.milliseconds
        if clock > quiet { expire() }
    }

    /// The time of the newest record; `nil` before the first.
    package var now: Timestamp? { clock == .min ? nil : Timestamp(milliseconds: clock) }

    /// Since when records are needed to come to this state again.
    package func needed(at now: Timestamp) -> JournalHorizon {
        let oldest = ring.isEmpty ? now.milliseconds : time(ring.header(at: ring.head))
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
            let hash = PredictionRing.hash(prediction.requestID)
            JournalCodec.encode(record).withUnsafeBytes {
                expect($0, of: prediction.version, at: prediction.at, hash: hash)
            }
        case .feedback(let join):
            advance(to: join.at)
            settle(join)
        case .clockStep(let at, let back):
            countNoted()
            // What a damaged journal says of steps makes wrong times, never a trap.
            self.back &+= back
            counted.move(back: back)
            (clock, quiet) = (at.milliseconds, .min)
        }
    }

    /// Keeps a prediction.
    ///
    /// - Parameters:
    ///   - bytes: As ``JournalCodec`` encodes it, with this version and time.
    ///   - hash: Of its id, by ``PredictionRing/hash(_:)``.
    package mutating func expect(
        _ bytes: UnsafeRawBufferPointer, of version: VersionID, at: Timestamp, hash: UInt64
    ) {
        advance(to: at)
        let key = JournalCodec.key(of: bytes)
        var parts = 0
        var known = ring.newest(key, hash: hash)
        while let position = known {
            parts += 1
            // The first prediction stands where a caller gave one id to several requests.
            guard parts < Self.maximumParts, isOther(position, than: version) else { return }
            known = ring.older(than: position, key)
        }
        ring.append(
            bytes, hash: hash, at: at.milliseconds &+ back, version: versions.addRecord(version))
        waiting += 1
        keepToBudget()
    }

    /// Gets ready for predictions whose ids have these hashes.
    package mutating func warm(_ hashes: [UInt64]) { ring.warm(hashes) }

    /// Forgets predictions from before `instant`: their labels may be missing from the journal.
    package mutating func forget(before instant: Timestamp) {
        while !ring.isEmpty, time(ring.header(at: ring.head)) < instant.milliseconds { removeOldest() }
    }

    // MARK: Reading

    package func contains(_ id: String) -> Bool {
        JournalCodec.key(id).withUnsafeBytes { ring.newest($0, hash: PredictionRing.hash(id)) != nil }
    }

    func entry(_ id: String) -> Entry? {
        let found = positions(of: id).reversed()
        guard let first = found.first else { return nil }
        return Entry(at: time(ring.header(at: first)), parts: found.compactMap { part(at: $0) })
    }

    /// Of all predictions under an id, newest first.
    private func positions(of id: String) -> [PredictionRing.Position] {
        JournalCodec.key(id).withUnsafeBytes { key in
            var found: [PredictionRing.Position] = []
            var next = ring.newest(key, hash: PredictionRing.hash(id))
            while let position = next {
                found.append(position)
                next = ring.older(than: position, key)
            }
            return found
        }
    }

    private func part(at position: PredictionRing.Position) -> Part? {
        let header = ring.header(at: position)
        let flags = Flags(rawValue: header.flags)
        guard let prediction = prediction(at: position) else { return nil }
        return Part(
            version: prediction.version, at: time(header), isShadow: prediction.isShadow,
            state: flags.isWaiting
                ? .waiting(prediction) : flags.contains(.labelled) ? .labelled : .expired,
            kpis: flags.contains(.hasKPIs) ? kpis[position] ?? [] : [])
    }

    private func prediction(at position: PredictionRing.Position) -> PredictionRecord? {
        guard case .prediction(let prediction)? = ring.withRecord(at: position, { JournalCodec.decode($0) }) else {
            return nil
        }
        return prediction
    }

    private func isOther(_ position: PredictionRing.Position, than version: VersionID) -> Bool {
        versions.differs(ring.header(at: position).version, from: version)
            ?? (prediction(at: position)?.version != version)
    }

    private func time(_ header: PredictionRing.Header) -> Int64 { header.at &- back }

    // MARK: Labels

    private mutating func settle(_ join: JoinRecord) {
        var fresh = join
        if let position = positions(of: join.requestID).first(where: { !isOther($0, than: join.version) }) {
            var flags = Flags(rawValue: ring.header(at: position).flags)
            if flags.isWaiting, !join.outcomes.isEmpty {
                flags.insert(.labelled)
                waiting -= 1
            } else {
                fresh.outcomes = []
            }
            let known = kpis[position] ?? []
            fresh.kpis = join.kpis.filter { !known.contains($0.key) }
            if !fresh.kpis.isEmpty {
                flags.insert(.hasKPIs)
                let names = known + fresh.kpis.keys.sorted()
                kpis[position] = names
                kpiBytes += Self.cost(names) - Self.cost(known)
            }
            ring.setFlags(flags.rawValue, at: position)
        }
        if !fresh.outcomes.isEmpty || !fresh.kpis.isEmpty {
            countNoted()
            counted.update(at: join.at) { $0.add(fresh) }
        }
        keepToBudget()
    }

    /// What names take in memory, about.
    private static func cost(_ names: [String]) -> Int {
        names.isEmpty ? 0 : names.reduce(96) { $0 + 32 + $1.utf8.count }
    }

    // MARK: Ageing

    private mutating func expire() {
        expiring = ring.first(from: max(expiring, ring.head))
        while expiring < ring.tail {
            let header = ring.header(at: expiring)
            guard clock &- time(header) > limits.labelWindow else { break }
            var flags = Flags(rawValue: header.flags)
            if flags.isWaiting {
                flags.insert(.expired)
                ring.setFlags(flags.rawValue, at: expiring)
                waiting -= 1
                expired += 1
                noteUnlabelled(header, at: expiring)
            }
            expiring = ring.position(after: expiring)
        }
        while !ring.isEmpty, clock &- time(ring.header(at: ring.head)) > limits.remembered { removeOldest() }
        // What comes later than now waits for a whole window.
        quiet = clock + limits.labelWindow
        if expiring < ring.tail { quiet = min(quiet, time(ring.header(at: expiring)) &+ limits.labelWindow) }
        if !ring.isEmpty { quiet = min(quiet, time(ring.header(at: ring.head)) &+ limits.remembered) }
    }

    private mutating func keepToBudget() {
        while bytes > limits.budgetBytes, !ring.isEmpty { removeOldest() }
    }

    private mutating func removeOldest() {
        let position = ring.head
        let header = ring.header(at: position)
        let flags = Flags(rawValue: header.flags)
        if flags.isWaiting {
            waiting -= 1
            evicted += 1
            noteUnlabelled(header, at: position)
        }
        if flags.contains(.hasKPIs), let names = kpis.removeValue(forKey: position) { kpiBytes -= Self.cost(names) }
        versions.removeRecord(header.version)
        ring.removeOldest()
    }

    /// Noted by version for the part of the window that is now, and counted when anything else is.
    private mutating func noteUnlabelled(_ header: PredictionRing.Header, at position: PredictionRing.Position) {
        guard header.version != VersionTable.none else {
            guard let version = prediction(at: position)?.version else { return }
            countNoted()
            counted.update(at: Timestamp(milliseconds: clock)) { $0.noteUnlabelled(version, count: 1) }
            return
        }
        if versions.unlabelled == 0 {
            let length = limits.window.bucketMilliseconds
            notedUntil = (limits.window.index(Timestamp(milliseconds: clock)) + 1) * length
        }
        versions.noteUnlabelled(header.version)
    }

    /// Counts what was noted; call before ``quality`` is told others by the numbers of its changes.
    mutating func countNoted() {
        guard versions.unlabelled > 0 else { return }
        versions.takeUnlabelled { version, count in
            counted.update(at: Timestamp(milliseconds: clock)) { $0.noteUnlabelled(version, count: count) }
        }
    }
}

extension LabelState: Equatable {
    /// The same predictions in the same order, whatever their place in the ring, and the same counts.
    package static func == (one: LabelState, other: LabelState) -> Bool {
        one.limits == other.limits && one.bytes == other.bytes && one.waiting == other.waiting
            && one.ring.count == other.ring.count && one.quality == other.quality && one.predictionsEqual(other)
    }

    private func predictionsEqual(_ other: LabelState) -> Bool {
        var (mine, theirs) = (ring.head, other.ring.head)
        for _ in 0..<ring.count {
            let (first, second) = (ring.header(at: mine), other.ring.header(at: theirs))
            guard first.flags == second.flags, time(first) == other.time(second), kpis[mine] == other.kpis[theirs],
                ring.withRecord(
                    at: mine,
                    { one in
                        other.ring.withRecord(at: theirs) { one.elementsEqual($0) }
                    })
            else { return false }
            mine = ring.position(after: mine)
            theirs = other.ring.position(after: theirs)
        }
        return true
    }
}
