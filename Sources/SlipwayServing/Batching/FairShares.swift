// SPDX-License-Identifier: Apache-2.0

/// Divides an engine's rows evenly among the clients that wait, by start-time fair queueing.
///
/// Each request gets a virtual start when it comes: the virtual time, or the virtual end of its client's request
/// before it, whichever is later; the end lies its rows further on. Serving by virtual start gives every waiting
/// client the same number of rows, and one that comes after a pause no more and no less.
/// P. Goyal, H. M. Vin, H. Cheng, "Start-time Fair Queueing", SIGCOMM 1996.
///
/// Virtual time is the start of what was served last, and at least the rows served divided by the clients waiting;
/// without the second, an endless line of clients seen for the first time would keep everyone else's second request
/// waiting for ever.
struct FairShares: Sendable {
    /// One client in one priority class.
    struct Flow: Hashable, Sendable {
        let client: Int
        let priority: Int
    }

    private struct Share {
        /// Virtual end of the newest request.
        var end: Int
        /// Virtual end of the newest rows that ran.
        var servedEnd: Int
        var waiting: Int
    }

    private var shares: [Flow: Share] = [:]
    private var waitingFlows = 0
    private var time = 0
    /// The idle shares are looked through when there are more shares than this.
    private var pruneAbove = leastPrune
    private static let leastPrune = 256
    /// Virtual time units per row, for fractions.
    private static let unit = 1 << 10
    private static let mostRows = 1 << 20

    /// The virtual length of some rows of a request of `whole` rows: how far its start moves on when they run.
    ///
    /// A whole request's is bounded, so that sums stay far from overflow; the rows of a larger one count for less,
    /// all of them alike. Lengths of rows that follow one another add up, and while any are left the start stays before
    /// the request's virtual end, so that no later request of the client overtakes them.
    static func length(of rows: Range<Int>, in whole: Int) -> Int {
        position(rows.upperBound, in: whole) - position(rows.lowerBound, in: whole)
    }

    private static func position(_ row: Int, in whole: Int) -> Int {
        guard whole > mostRows else { return row * unit }
        return whole.dividingFullWidth(row.multipliedFullWidth(by: mostRows * unit)).quotient
    }

    /// Adds a request; its virtual start.
    mutating func add(_ flow: Flow, rows: Int) -> Int {
        if shares.count > pruneAbove { prune() }
        let now = time
        var start = now
        var isNew = false
        let length = Self.length(of: 0..<rows, in: rows)
        withShare(flow) { share in
            start = max(now, share.end)
            isNew = share.waiting == 0
            share.end = start + length
            share.waiting += 1
        }
        if isNew { waitingFlows += 1 }
        return start
    }

    /// Tells that rows of a request with this start run now; to be called before it leaves.
    mutating func served(start: Int, length: Int) {
        time = max(start, time + length / max(1, waitingFlows))
    }

    /// Tells that all rows of a request run; `end` is their virtual end.
    mutating func finish(_ flow: Flow, end: Int) {
        guard let index = shares.index(forKey: flow) else { return }
        shares.values[index].servedEnd = end
        leave(index)
    }

    /// Tells that a request does not wait any more though rows of it did not run.
    ///
    /// Those are not held against the client: neither the newest request's nor, once it has none left, any.
    ///
    /// - Parameter length: Of the rows that did not run.
    mutating func drop(_ flow: Flow, start: Int, length: Int, wasBegun: Bool) {
        guard let index = shares.index(forKey: flow) else { return }
        if wasBegun { shares.values[index].servedEnd = start }
        if shares.values[index].waiting == 1 {
            shares.values[index].end = shares.values[index].servedEnd
        } else if shares.values[index].end == start + length {
            shares.values[index].end = start
        }
        leave(index)
    }

    private mutating func leave(_ index: Dictionary<Flow, Share>.Index) {
        shares.values[index].waiting -= 1
        guard shares.values[index].waiting == 0 else { return }
        waitingFlows -= 1
        if shares.values[index].end <= time { shares.remove(at: index) }
    }

    /// Forgets who used how much; for when nobody waits.
    mutating func reset() {
        if !shares.isEmpty { shares.removeAll(keepingCapacity: shares.capacity <= 4 * Self.leastPrune) }
        waitingFlows = 0
        time = 0
        pruneAbove = Self.leastPrune
    }

    private mutating func withShare(_ flow: Flow, _ body: (inout Share) -> Void) {
        body(&shares[flow, default: Share(end: 0, servedEnd: 0, waiting: 0)])
    }

    /// Drops the shares of clients that are not ahead of the others and do not wait.
    private mutating func prune() {
        let now = time
        shares = shares.filter { $0.value.waiting > 0 || $0.value.end > now }
        pruneAbove = max(Self.leastPrune, 2 * shares.count)
    }
}
