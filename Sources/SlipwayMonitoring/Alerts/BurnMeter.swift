// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// Shares of bad requests over the windows that `burn_rate` rules ask for.
///
/// Each window is a ring of 60 parts, so a share is of between 59 and 60 sixtieths of it. A time before the last one
/// counts in the newest part, unless ``move(back:)`` said so before; one ahead ages the parts as if it had passed.
package struct BurnMeter: Sendable {
    private struct Ring: Sendable {
        static let parts = 60

        let partMs: Int64
        private var good: [Int]
        private var bad: [Int]
        /// Of the part in use, counted from 1970.
        private var newest: Int64?

        init(seconds: Double) {
            partMs = max(1, Int64(min(max(seconds, 0), 3.2e9) * 1000) / Int64(Self.parts))
            good = Array(repeating: 0, count: Self.parts)
            bad = good
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

        func sums(at: Timestamp) -> (good: Int, bad: Int) {
            var copy = self
            copy.advance(to: at)
            return (copy.good.reduce(0, &+), copy.bad.reduce(0, &+))
        }
    }

    private var rings: [String: Ring] = [:]

    /// - Parameter rules: Of one endpoint; those of other signals are left out.
    package init(rules: [AlertRule]) {
        for rule in rules where rule.signal == SignalKind.burnRate.rawValue {
            let windows = Self.windows(of: rule)
            for seconds in [windows.long, windows.short] where rings[Self.subject(seconds)] == nil {
                rings[Self.subject(seconds)] = Ring(seconds: seconds)
            }
        }
    }

    /// The longer window of a rule and the shorter, a twelfth of it; in seconds.
    package static func windows(of rule: AlertRule) -> (long: Double, short: Double) {
        let long = max(rule.longWindowSeconds ?? 3600, 1)
        return (long, long / 12)
    }

    /// What a window's reading is called: its length in seconds.
    package static func subject(_ seconds: Double) -> String { AlertText.number(seconds) }

    /// Counts requests that ended since the last call.
    package mutating func add(good: Int, bad: Int, at: Timestamp) {
        for key in rings.keys { rings[key]?.add(good: good, bad: bad, at: at) }
    }

    /// Moves everything to earlier times, after the clock was put back by so much.
    package mutating func move(back milliseconds: Int64) {
        for key in rings.keys { rings[key]?.move(back: milliseconds) }
    }

    /// The share of bad requests in each window that saw any, for keys of the kind `burnRate` with these subjects.
    package func readings(at: Timestamp) -> [(subject: String, reading: SignalReading)] {
        rings.compactMap { subject, ring in
            let (good, bad) = ring.sums(at: at)
            let all = good &+ bad
            guard all > 0 else { return nil }
            let reading = SignalReading(
                value: Double(bad) / Double(all), samples: all, method: "share of bad requests, window \(subject)s")
            return (subject, reading)
        }
    }
}
