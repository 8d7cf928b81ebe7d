// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// Good and bad requests in sixty parts of a window. Where a part lies follows from its time alone, so that those of
/// several replicas add up.
struct BurnRing: Sendable {
    static let parts = 60

    let partMs: Int64
    private(set) var good: [Int]
    private(set) var bad: [Int]
    /// Of the part in use, counted from 1970.
    private(set) var newest: Int64?

    init(seconds: Double) {
        self.init(partMs: Int64(min(max(seconds, 0), 3.2e9) * 1000) / Int64(Self.parts))
    }

    init(partMs: Int64) {
        self.partMs = max(1, partMs)
        good = Array(repeating: 0, count: Self.parts)
        bad = good
    }

    /// One that was kept elsewhere; `nil` unless there are as many counts as ``parts``.
    init?(partMs: Int64, newest: Int64?, good: [Int], bad: [Int]) {
        guard partMs > 0, good.count == Self.parts, bad.count == Self.parts else { return nil }
        (self.partMs, self.newest, self.good, self.bad) = (partMs, newest, good, bad)
    }

    private func index(_ part: Int64) -> Int {
        let rest = Int(part % Int64(Self.parts))
        return rest < 0 ? rest + Self.parts : rest
    }

    mutating func advance(to at: Timestamp) {
        let part = at.milliseconds / partMs
        guard let newest else {
            self.newest = part
            return
        }
        guard part > newest else { return }
        // A part at a time, each once at most.
        let steps = part.subtractingReportingOverflow(newest)
        let count = steps.overflow ? Int64(Self.parts) : min(steps.partialValue, Int64(Self.parts))
        for step in 0..<count {
            let stale = index(part - step)
            good[stale] = 0
            bad[stale] = 0
        }
        self.newest = part
    }

    mutating func add(good moreGood: Int, bad moreBad: Int, at: Timestamp) {
        advance(to: at)
        guard let newest else { return }
        good[index(newest)] &+= max(0, moreGood)
        bad[index(newest)] &+= max(0, moreBad)
    }

    /// Whole parts only: what is left of a part counts in the newest.
    mutating func move(back milliseconds: Int64) {
        guard let newest, milliseconds > 0 else { return }
        let (moved, steps) = (newest &- milliseconds / partMs, Int(milliseconds / partMs % Int64(Self.parts)))
        // Where parts lie follows from their time.
        good = Array(good[steps...] + good[..<steps])
        bad = Array(bad[steps...] + bad[..<steps])
        self.newest = moved
    }

    /// Adds the parts of another that are within the window that ends now; none is of the future.
    mutating func merge(_ other: BurnRing, at now: Timestamp) {
        advance(to: now)
        guard let newest, let from = other.newest, partMs == other.partMs else { return }
        for step in 0..<Int64(Self.parts) {
            let part = from &- step
            guard part <= newest, newest &- part < Int64(Self.parts) else { continue }
            good[index(part)] &+= other.good[index(part)]
            bad[index(part)] &+= other.bad[index(part)]
        }
    }

    func sums(at: Timestamp) -> (good: Int, bad: Int) {
        var copy = self
        copy.advance(to: at)
        return (copy.good.reduce(0, &+), copy.bad.reduce(0, &+))
    }
}
