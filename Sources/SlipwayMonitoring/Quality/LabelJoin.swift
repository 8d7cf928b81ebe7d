// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
import SlipwayNumerics
import Synchronization

/// Joins labels to the predictions of one endpoint by request id, on arrival and exactly once.
///
/// A label is written down, durably, before it is counted and answered; what is known after a restart is the fold of
/// the journal. Predictions wait for ``MonitoringSpec/labelWindowSeconds`` within
/// ``MonitoringSpec/labelBudgetBytes``; the oldest go first. Calls take one lock; ``join(_:at:)`` waits for the disk,
/// so it is never called on the cooperative pool.
package final class LabelJoin: Sendable {
    package let endpoint: String
    private let journal: any LabelJournal
    private let shell: Mutex<Shell>
    /// As of the last call that changed them: who reads them never waits for the disk.
    private let published = Mutex(FeedbackCounts())

    /// Everything behind the lock.
    private struct Shell {
        /// Of versions with profiles of their own, and of all others. A list, because they are few and every
        /// prediction asks.
        var readers: [VersionReader] = []
        var usual: VersionReader
        var state: LabelState
        var estimates: QualityEstimates
        var counts = FeedbackCounts()
        /// What is to be written before the next feedback.
        var unwritten = JournalDraft()
        /// Of the ids of predictions that are about to come.
        var hashes: [UInt64] = []
        var droppedAt: Timestamp
        var share = QualityShare()

        func reader(for version: VersionID) -> VersionReader {
            for reader in readers where reader.version == version { return reader }
            return usual
        }
    }

    private struct VersionReader {
        /// `nil` for those without a profile of their own.
        let version: VersionID?
        let answers: AnswerReader
        let curves: [IsotonicCurve]?

        init(_ version: VersionID?, spec: MonitoringSpec, profile: ReferenceProfile?) {
            self.version = version
            answers = AnswerReader(spec: spec, profile: profile)
            curves = profile?.calibration
        }
    }

    /// Predictions are handed to the journal in groups of so many or of so many bytes, and at every feedback and
    /// reading.
    private static let groupCount = 256
    private static let groupBytes = 256 << 10
    /// So many predictions' places in memory are read together.
    private static let warmCount = 64
    /// So often the journal is told what it may forget.
    private static let dropMilliseconds: Int64 = 60_000

    /// Folds the journal: blocks for as long as that takes.
    ///
    /// - Parameters:
    ///   - profile: Of versions that ``configure(spec:profiles:)`` gives none for.
    ///   - now: Wall-clock time; what is too old by it is not read.
    /// - Throws: What the journal throws when it cannot be read.
    package init(
        endpoint: String, spec: MonitoringSpec, profile: ReferenceProfile?, journal: any LabelJournal, now: Timestamp
    ) throws {
        self.endpoint = endpoint
        self.journal = journal
        var shell = Shell(
            usual: VersionReader(nil, spec: spec, profile: profile), state: LabelState(limits: LabelLimits(spec)),
            estimates: QualityEstimates(LabelLimits(spec).window), droppedAt: now)
        try Self.fold(journal, into: &shell, now: now)
        self.shell = Mutex(shell)
        publish(shell)
    }

    /// Takes another specification or other profiles; where windows or bounds change, the journal is folded anew.
    ///
    /// Blocks like the initializer then. When it throws, nothing has changed.
    package func configure(spec: MonitoringSpec, profiles: [VersionID: ReferenceProfile]) throws {
        try shell.withLock { shell in
            var next = shell
            next.usual = VersionReader(nil, spec: spec, profile: shell.usual.answers.profile)
            next.readers = profiles.map { VersionReader($0.key, spec: spec, profile: $0.value) }
            let limits = LabelLimits(spec)
            if limits != shell.state.limits {
                try journal.append(shell.unwritten)
                // Whatever comes of the rest, these are not written twice.
                shell.unwritten.removeAll()
                next.unwritten.removeAll()
                next.state = LabelState(limits: limits)
                next.estimates = QualityEstimates(limits.window)
                next.share.restart()
                try Self.fold(journal, into: &next, now: shell.state.now ?? shell.droppedAt)
            }
            shell = next
            publish(shell)
        }
    }

    // MARK: Predictions

    /// Keeps what labels will be held against; does nothing for answers without an id or a prediction.
    ///
    /// - Parameter predictions: Of this endpoint, in their order. Many at once cost less: places in memory that are
    ///   long unread are read together.
    package func expect(_ predictions: [PackedPrediction]) {
        shell.withLock { shell in
            for start in stride(from: 0, to: predictions.count, by: Self.warmCount) {
                let some = predictions[start..<min(start + Self.warmCount, predictions.count)]
                shell.hashes.removeAll(keepingCapacity: true)
                for prediction in some {
                    shell.hashes.append(prediction.requestIDBytes.map(PredictionRing.hash) ?? 0)
                }
                shell.state.warm(shell.hashes)
                for (index, prediction) in some.enumerated() { expect(prediction, hash: shell.hashes[index], &shell) }
            }
            publish(shell)
        }
    }

    private func expect(_ prediction: PackedPrediction, hash: UInt64, _ shell: inout Shell) {
        let version = prediction.version
        let reader = shell.reader(for: version)
        guard var record = reader.answers.record(prediction) else {
            shell.counts.unreadable += 1
            return
        }
        record.at = step(&shell, now: prediction.at)
        shell.counts.expected += 1
        shell.counts.rowsLeftOut += record.rows - record.keptRows
        // Encoded once: the ring keeps the bytes that are written down.
        let item = shell.unwritten.add(record)
        shell.unwritten.withBytes(of: item) {
            shell.state.expect($0, of: version, at: record.at, hash: hash)
        }
        shell.estimates.add(record, curves: reader.curves)
        if shell.unwritten.count >= Self.groupCount || shell.unwritten.byteCount >= Self.groupBytes { write(&shell) }
    }

    /// The time of the next record, after a record of a clock that was put back, if it was.
    private func step(_ shell: inout Shell, now: Timestamp) -> Timestamp {
        let (at, step) = shell.state.tick(now)
        if let step {
            shell.state.apply(step)
            if case .clockStep(_, let back) = step { shell.estimates.move(back: back) }
            shell.unwritten.add(step)
        }
        return at
    }

    /// Hands what waits to the journal; what it does not take stays in memory alone, counted.
    private func write(_ shell: inout Shell) {
        guard !shell.unwritten.isEmpty else { return }
        do {
            try journal.append(shell.unwritten)
        } catch {
            shell.counts.unwritten += shell.unwritten.count
        }
        shell.unwritten.removeAll()
    }

    // MARK: Feedback

    /// Whether a prediction of this id waits here, or has its label.
    package func knows(_ requestID: String) -> Bool { shell.withLock { $0.state.contains(requestID) } }

    /// Joins each in turn; the answers are in the same order. All of a call are written down at once.
    ///
    /// Predictions made before must have been given to ``expect(_:)`` before: drain their queue first.
    package func join(_ feedback: [Feedback], at now: Timestamp) -> [FeedbackResult] {
        shell.withLock { shell in
            defer { publish(shell) }
            let at = step(&shell, now: now)
            shell.state.advance(to: at)
            var desk = JoinDesk(at: at)
            var results = feedback.map { one in
                desk.judge(one, state: shell.state) { shell.reader(for: $0).answers }
            }
            if !desk.records.isEmpty {
                // Predictions first: a label never outlives in the journal what it belongs to.
                write(&shell)
                do {
                    try journal.append(JournalDraft(desk.records.map { .feedback($0) }))
                    for record in desk.records { shell.state.apply(.feedback(record)) }
                } catch {
                    let text = "the label could not be written down: see the server's log, then send it again"
                    results = results.map { $0 == .joined ? .unavailable(text) : $0 }
                }
            }
            for result in results { shell.counts.count(result) }
            return results
        }
    }

    // MARK: Reading

    /// All signals of quality, with labels and without, of the window that ends now.
    ///
    /// Also ends the waiting of what is too old, and lets the journal forget.
    package func readings(at now: Timestamp) -> [SignalKey: SignalReading] {
        shell.withLock { shell in
            let at = refresh(&shell, now: now)
            var readings = QualityReadings(endpoint: endpoint)
            for (version, quality) in shell.share.merged(shell.state.quality.merged(at: at)).versions {
                readings.add(
                    quality, of: version, reference: shell.reader(for: version).answers.profile?.performance ?? [:])
            }
            for (version, estimate) in shell.share.merged(shell.estimates.merged(at: at)) {
                readings.add(
                    estimate, of: version, reference: shell.reader(for: version).answers.profile?.performance ?? [:])
            }
            return readings.readings
        }
    }

    /// The quality of each version in full: every average, the confusion matrix, segments and business numbers.
    package func summaries(at now: Timestamp) -> [QualitySummary] {
        shell.withLock { shell in
            let at = refresh(&shell, now: now)
            return shell.share.merged(shell.state.quality.merged(at: at)).versions
                .map { QualitySummary(version: $0.key, quality: $0.value) }
                .sorted { $0.version < $1.version }
        }
    }

    // MARK: Replicas

    /// Who counts here: the journal, which another process may go on with after this one, or else the replica.
    package func writer(replica: String) -> String { journal.name.map { "labels " + $0 } ?? replica }

    /// What this join counted in the window, for those of other replicas; `nil` where it is nothing.
    package func tally(replica: String) -> StoredTally? {
        shell.withLock { shell in
            shell.state.countNoted()
            let (quality, estimates) = (shell.state.quality, shell.estimates.ring)
            guard let newest = [quality.parts.last?.index, estimates.parts.last?.index].compactMap(\.self).max()
            else { return nil }
            // The part's end: the same as long as nothing comes.
            let at = Timestamp(milliseconds: (newest + 1) * quality.shape.bucketMilliseconds)
            return StoredTally(
                endpoint: endpoint, kind: .quality, writer: writer(replica: replica), at: at,
                data: shell.share.encode(quality, estimates))
        }
    }

    /// Takes what all other joins counted, instead of what they had: readings are of all together from then on.
    package func take(_ others: [StoredTally], replica: String, at now: Timestamp) {
        let own = writer(replica: replica)
        shell.withLock { shell in
            let window = shell.state.limits.window
            let since = Timestamp(
                milliseconds: (window.index(now) + 1 - Int64(window.buckets)) * window.bucketMilliseconds)
            shell.share.take(others.filter { $0.writer != own }, since: since)
        }
    }

    private func refresh(_ shell: inout Shell, now: Timestamp) -> Timestamp {
        defer { publish(shell) }
        let at = step(&shell, now: now)
        shell.state.advance(to: at)
        write(&shell)
        if at.milliseconds - shell.droppedAt.milliseconds >= Self.dropMilliseconds || at < shell.droppedAt {
            shell.droppedAt = at
            // A journal that cannot forget now can later; its own bound on bytes holds meanwhile.
            try? journal.drop(before: shell.state.needed(at: at))
        }
        return at
    }

    package var counts: FeedbackCounts { published.withLock { $0 } }

    private func publish(_ shell: borrowing Shell) {
        var counts = shell.counts
        counts.expired = shell.state.expired
        counts.evicted = shell.state.evicted
        counts.waiting = shell.state.waiting
        counts.bytes = shell.state.bytes
        published.withLock { $0 = counts }
    }

    /// What is known now, for tests that compare two joins.
    package var snapshot: LabelState { shell.withLock { $0.state } }

    /// Writes down what waits; call before the process ends.
    package func close() {
        shell.withLock { shell in
            write(&shell)
            publish(shell)
        }
    }

    private static func fold(_ journal: any LabelJournal, into shell: inout Shell, now: Timestamp) throws {
        let limits = shell.state.limits
        let span = max(limits.remembered, limits.window.bucketMilliseconds * Int64(limits.window.buckets))
        let since = Timestamp(milliseconds: now.milliseconds - span)
        var state = shell.state
        var estimates = shell.estimates
        let settings = shell
        try journal.replay(since: since) { record in
            state.apply(record)
            switch record {
            case .prediction(let prediction):
                estimates.add(prediction, curves: settings.reader(for: prediction.version).curves)
            case .clockStep(_, let back): estimates.move(back: back)
            case .feedback: break
            }
        }
        let horizon = journal.horizon
        state.forget(before: max(horizon.predictions, horizon.feedback))
        state.restartCounts()
        shell.state = state
        shell.estimates = estimates
    }
}
