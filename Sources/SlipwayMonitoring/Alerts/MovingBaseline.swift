// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayNumerics

/// What a signal usually was: quantiles of its own last 12 to 24 hours, in constant memory.
///
/// Two sketches take turns every twelve hours, so that what is older than a day is forgotten. Values are taken once a
/// minute; before there are sixty of them nobody knows what is usual.
struct MovingBaseline: Sendable {
    private static let turnMs: Int64 = 12 * 3_600_000
    private static let intervalMs: Int64 = 60_000
    private static let least: UInt64 = 60
    /// Half of a percent of the values lie beyond on each side.
    private static let tail = 0.005

    private var current = MovingBaseline.sketch
    private var previous = MovingBaseline.sketch
    private var turnedMs: Int64
    private var takenMs: Int64?

    /// Within one percent of every value, 12 kB at most.
    private static var sketch: DDSketch { DDSketch(alpha: 0.01, maximumBuckets: 512) }

    init(nowMs: Int64) { turnedMs = nowMs }

    /// Takes a value, unless one was taken less than a minute ago.
    ///
    /// - Parameter nowMs: On a clock that never steps back.
    mutating func add(_ value: Double, nowMs: Int64) {
        if let takenMs, nowMs - takenMs < Self.intervalMs { return }
        takenMs = nowMs
        if nowMs - turnedMs >= Self.turnMs {
            // After a day without values neither half is of today.
            previous = nowMs - turnedMs >= 2 * Self.turnMs ? Self.sketch : current
            current = Self.sketch
            turnedMs = nowMs
        }
        current.add(value)
    }

    /// The end of what is usual; `nil` where too little is known.
    func edge(_ comparison: AlertRule.Comparison) -> Double? {
        var both = current
        both.merge(previous)
        guard both.count >= Self.least else { return nil }
        return both.quantile(comparison == .above ? 1 - Self.tail : Self.tail)
    }

    /// Whether nothing was taken for a day.
    func isStale(nowMs: Int64) -> Bool { nowMs - (takenMs ?? turnedMs) >= 2 * Self.turnMs }
}
