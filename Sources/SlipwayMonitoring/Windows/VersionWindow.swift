// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayNumerics

/// The window of one version on one replica: a ring of finished buckets as bytes, and the one being counted.
///
/// A finished bucket of a feature takes 300 to 600 bytes, the one being counted 2,300: with 12 buckets the window is
/// below 8 KB for each feature. Windows of other replicas are kept as they came and added up in ``totals(at:)``.
struct VersionWindow: Sendable {
    /// A finished bucket.
    struct Part: Sendable, Hashable {
        var startedAt: Timestamp
        var endedAt: Timestamp
        var data: [UInt8]
        /// When it was last written, by the clock of the rows.
        var changedAt: Timestamp
    }

    struct ForeignKey: Sendable, Hashable {
        let replica: String
        let startedAt: Timestamp
    }

    /// Buckets of other replicas that are kept; beyond it the oldest go.
    private static let maximumForeign = 1024
    /// Plans of different layouts that are kept.
    private static let maximumPlans = 8
    /// Rows scored in a second.
    private static let scoredPerSecond = 200

    let set: ColumnSet
    let clock: WindowClock
    let sampledRows: Int
    var bucket: WindowBucket?
    private(set) var parts: [Part] = []
    private(set) var foreign: [ForeignKey: Part] = [:]
    /// Windows that came back damaged or of another layout.
    private(set) var refused = 0
    private(set) var examples: RequestExamples
    private(set) var earlier: RequestExamples?
    private(set) var streams: OutputStreams
    private var plans: [(layout: TensorLayout, plan: ColumnPlan)] = []
    /// What the last prediction was like: nearly always the next one is too.
    private var last: (form: PredictionForm, columns: [Int], plan: ColumnPlan)?
    var recent = RecentRows()
    var hashes: [UInt64] = []
    private var scoredSecond: Int64 = 0
    private var scoredCount = 0

    init(profile: ReferenceProfile, spec: MonitoringSpec) {
        set = ColumnSet(profile)
        clock = WindowClock(spec)
        sampledRows = max(1, min(spec.sampledRows ?? 64, 10_000))
        examples = RequestExamples(width: set.columns.count, seed: 1)
        streams = OutputStreams(set)
    }

    /// Counts predictions, in their order.
    ///
    /// - Parameter countsAllRows: Their rows are requests of their own, of which none is left out.
    mutating func add(_ predictions: [PackedPrediction], countsAllRows: Bool = false) {
        guard let first = predictions.first else { return }
        var run = RowRun(plan(for: first))
        for prediction in predictions where prediction.rows > 0 {
            let plan = plan(for: prediction)
            if run.plan !== plan || !stays(for: prediction.at, counting: run.rows.count) {
                count(run)
                run = RowRun(plan)
                prepare(for: prediction.at)
            }
            run.append(prediction, atMost: countsAllRows ? prediction.rows : sampledRows)
            if let last = bucket?.lastAt, last < prediction.at { bucket?.lastAt = prediction.at }
            if run.isLong {
                count(run)
                run.removeAll()
            }
        }
        count(run)
    }

    // MARK: Time

    /// Whether a row of an instant belongs into the bucket being counted, after rows that are counted into it first.
    private func stays(for now: Timestamp, counting pending: Int) -> Bool {
        guard let startedAt = bucket?.startedAt, let lastAt = bucket?.lastAt, let rows = bucket?.whole.rows else {
            return false
        }
        return clock.action(startedAt: startedAt, lastAt: lastAt, rows: rows &+ UInt64(pending), now: now) == .stay
    }

    /// Ends or moves buckets as the clock asks, so that ``bucket`` is there and of the period of `now`.
    mutating func prepare(for now: Timestamp) {
        guard let startedAt = bucket?.startedAt, let lastAt = bucket?.lastAt, let rows = bucket?.whole.rows else {
            bucket = WindowBucket(set, startedAt: clock.start(of: now))
            bucket?.lastAt = now
            return
        }
        switch clock.action(startedAt: startedAt, lastAt: lastAt, rows: rows, now: now) {
        case .stay: break
        case .end(let next):
            if let bucket { finish(bucket) }
            bucket = WindowBucket(set, startedAt: next)
        case .moveBack(let milliseconds):
            bucket?.startedAt = startedAt.moved(-milliseconds)
            for index in parts.indices {
                parts[index].startedAt = parts[index].startedAt.moved(-milliseconds)
                parts[index].endedAt = parts[index].endedAt.moved(-milliseconds)
                parts[index].changedAt = now
            }
            bucket?.lastAt = now
        }
        if let last = bucket?.lastAt, last < now { bucket?.lastAt = now }
    }

    private mutating func finish(_ current: WindowBucket) {
        streams.collect(current)
        streams.bucketEnded()
        parts.append(part(current))
        if parts.count > clock.buckets - 1 { parts.removeFirst(parts.count - (clock.buckets - 1)) }
        earlier = examples
        examples = RequestExamples(width: set.columns.count, seed: UInt64(bitPattern: current.startedAt.milliseconds))
    }

    private func part(_ bucket: WindowBucket) -> Part {
        var totals = WindowTotals(set)
        totals.merge(bucket)
        return Part(
            startedAt: bucket.startedAt, endedAt: bucket.lastAt, data: WindowCodec.encode(totals, set),
            changedAt: bucket.lastAt)
    }

    /// Whether a part belongs to the window that ends at `now`.
    private func isCurrent(_ startedAt: Timestamp, _ endedAt: Timestamp, at now: Timestamp) -> Bool {
        endedAt.milliseconds > now.milliseconds - clock.windowMilliseconds
            && startedAt.milliseconds <= now.milliseconds + WindowClock.tolerance
    }

    // MARK: Reading

    /// All that was counted in the window that ends at `now`, of all replicas.
    func totals(at now: Timestamp) -> WindowTotals {
        var totals = WindowTotals(set)
        if let bucket, isCurrent(bucket.startedAt, bucket.lastAt, at: now) { totals.merge(bucket) }
        for part in parts + Array(foreign.values) where isCurrent(part.startedAt, part.endedAt, at: now) {
            if let counts = WindowCodec.decode(part.data, set) { totals.merge(counts) }
        }
        return totals
    }

    /// Rows of this replica in the bucket being counted: what a reading was made of is stale when it grew.
    var liveRows: UInt64 { bucket?.whole.rows ?? 0 }

    /// Lets the streams look at what came since the last call; about once a second.
    mutating func tick(at now: Timestamp) {
        if let bucket { streams.collect(bucket) }
        streams.tick(at: now)
    }

    mutating func streamReadings(at now: Timestamp) -> [MonitorReading] {
        streams.readings(at: now).map { (.change, $0.subject, $0.reading) }
    }

    // MARK: Storing

    /// The parts that changed after an instant, the one being counted included.
    ///
    /// Also those of shortly before: rows are counted after their time, and a clock may have been put back.
    func changed(since instant: Timestamp) -> [Part] {
        let instant = instant.moved(-WindowClock.tolerance)
        var result = parts.filter { $0.changedAt >= instant }
        if let bucket, bucket.lastAt >= instant, bucket.whole.rows > 0 {
            result.append(part(bucket))
        }
        return result
    }

    /// Takes back what this replica stored; the newest part is counted on with.
    mutating func resume(_ stored: [StoredWindow]) {
        var whole: [Part] = []
        for window in stored.sorted(by: { $0.startedAt < $1.startedAt }) {
            guard WindowCodec.decode(window.data, set) != nil, window.startedAt <= window.endedAt else {
                refused += 1
                continue
            }
            whole.append(
                Part(
                    startedAt: window.startedAt, endedAt: window.endedAt, data: window.data,
                    changedAt: window.endedAt))
        }
        guard bucket == nil, let last = whole.popLast(), let totals = WindowCodec.decode(last.data, set) else { return }
        parts = Array(whole.suffix(max(0, clock.buckets - 1)))
        bucket = WindowBucket(totals, startedAt: last.startedAt, lastAt: last.endedAt)
        streams.bucketResumed(totals)
    }

    /// Takes what another replica stored, instead of what it had stored of the same part.
    mutating func merge(_ window: StoredWindow) {
        guard WindowCodec.decode(window.data, set) != nil, window.startedAt <= window.endedAt else {
            refused += 1
            return
        }
        let key = ForeignKey(replica: window.replica, startedAt: window.startedAt)
        foreign[key] = Part(
            startedAt: window.startedAt, endedAt: window.endedAt, data: window.data, changedAt: window.endedAt)
        // As many as its own window has: parts that ended by count may be many within the window's time.
        let ofReplica = foreign.keys.filter { $0.replica == window.replica }
        if ofReplica.count > clock.buckets, let oldest = ofReplica.min(by: { $0.startedAt < $1.startedAt }) {
            foreign[oldest] = nil
        }
        if foreign.count > Self.maximumForeign,
            let oldest = foreign.min(by: { $0.value.endedAt < $1.value.endedAt })?.key
        {
            foreign[oldest] = nil
        }
    }

    /// Forgets parts that have left the window.
    mutating func forget(before now: Timestamp) {
        guard !foreign.isEmpty else { return }
        foreign = foreign.filter { isCurrent($0.value.startedAt, $0.value.endedAt, at: now) }
    }

    // MARK: Helpers of counting

    private mutating func plan(for prediction: PackedPrediction) -> ColumnPlan {
        if let last, last.form === prediction.form,
            last.columns.indices.allSatisfy({ last.columns[$0] == prediction.tensor($0).columns })
        {
            return last.plan
        }
        let plan = plans.first { $0.layout.fits(prediction) }?.plan ?? makePlan(for: prediction)
        let columns = (prediction.inputIndices.lowerBound..<prediction.outputIndices.upperBound)
            .map { prediction.tensor($0).columns }
        last = (prediction.form, columns, plan)
        return plan
    }

    private mutating func makePlan(for prediction: PackedPrediction) -> ColumnPlan {
        let layout = TensorLayout(prediction)
        let made = ColumnPlan(layout: layout, set: set)
        if plans.count >= Self.maximumPlans { plans.removeFirst() }
        plans.append((layout, made))
        return made
    }

    /// Whether one more row may be scored in this second: at high rates a sample is.
    mutating func mayScore(at now: Timestamp) -> Bool {
        let second = now.milliseconds / 1000
        if second != scoredSecond {
            scoredSecond = second
            scoredCount = 0
        }
        scoredCount += 1
        return scoredCount <= Self.scoredPerSecond
    }

    mutating func withExamples(_ body: (inout RequestExamples) -> Void) { body(&examples) }
}

extension Timestamp {
    /// So many milliseconds later; stays within the range of an `Int64`.
    func moved(_ milliseconds: Int64) -> Timestamp {
        let (sum, overflow) = self.milliseconds.addingReportingOverflow(milliseconds)
        return Timestamp(milliseconds: overflow ? self.milliseconds : sum)
    }
}
