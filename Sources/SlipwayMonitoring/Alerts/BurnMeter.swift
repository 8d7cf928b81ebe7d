// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// Shares of bad requests over the windows that `burn_rate` rules ask for.
///
/// Each window is a ring of 60 parts, so a share is of between 59 and 60 sixtieths of it. A time before the last one
/// counts in the newest part, unless ``move(back:)`` said so before; one ahead ages the parts as if it had passed.
package struct BurnMeter: Sendable {
    /// By what their readings are called.
    var rings: [String: BurnRing] = [:]

    /// One that watches nothing.
    init() {}

    /// - Parameters:
    ///   - rules: Of one endpoint; those of other signals are left out.
    ///   - known: A meter whose counts go on where the rules ask for the same windows.
    package init(rules: [AlertRule], keeping known: BurnMeter? = nil) {
        for rule in rules where rule.signal == SignalKind.burnRate.rawValue {
            let windows = Self.windows(of: rule)
            for seconds in [windows.long, windows.short] where rings[Self.subject(seconds)] == nil {
                let subject = Self.subject(seconds)
                rings[subject] = known?.rings[subject] ?? BurnRing(seconds: seconds)
            }
        }
    }

    /// The longest window that rules ask for, in seconds; 0 without any.
    package static func longest(_ rules: [AlertRule]) -> Double {
        rules.filter { $0.signal == SignalKind.burnRate.rawValue }.map { windows(of: $0).long }.max() ?? 0
    }

    /// Adds what another replica counted, in the same parts of time; windows that only it has come too.
    mutating func merge(_ other: BurnMeter, at now: Timestamp) {
        for (subject, ring) in other.rings {
            if rings[subject] == nil { rings[subject] = BurnRing(partMs: ring.partMs) }
            rings[subject]?.merge(ring, at: now)
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
