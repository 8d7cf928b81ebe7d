// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
import SlipwayNumerics

/// Four detectors of change on one stream of numbers, one number for each interval.
///
/// The first numbers are the baseline; what follows is told in its standard deviations. After a detection a new
/// baseline is taken, so that one change is told once. A stream is told as changed where two of EWMA, CUSUM and
/// Page-Hinkley agree within ``agreement`` intervals, or ADWIN, which bounds its own false alarms, alone. The limits
/// are wider than the usual ones because a baseline of 30 numbers is itself uncertain: of independent normal numbers
/// about one interval in 2,800 gives a false alarm of two that agree (simulated).
package struct ChangeDetectors: Sendable {
    package struct Detection: Sendable, Hashable {
        package var detector: String
        package var at: Timestamp
        /// The mean of the baseline, and that of the numbers since.
        package var before: Double
        package var after: Double
        package var intervals: Int
    }

    /// Intervals of the baseline.
    package static let baseline = 30
    package static let agreement = 10
    /// Numbers that `after` is the mean of.
    private static let lately = 5

    private var reference = Welford()
    private var ewma = EWMA(lambda: 0.2, width: 3.5)
    private var cusum = CUSUM(k: 0.5, h: 8)
    private var pageHinkley = ChangeDetectors.pageHinkleys()
    private var adwin = ADWIN(delta: 0.002, clock: 1)
    private var recent: [Double] = []
    /// Intervals since each detector spoke, by name.
    private var spoken: [String: Int] = [:]
    private(set) var intervals = 0

    package init() {}

    /// Page and Hinkley's test on deviations: a drift of less than half a deviation is none.
    private static func pageHinkleys() -> (PageHinkley, PageHinkley) {
        let test = PageHinkley(minimum: 1, delta: 0.5, threshold: 8, alpha: 1)
        return (test, test)
    }

    /// Takes the next interval's number; a detection where this is a change.
    package mutating func add(_ x: Double, at now: Timestamp) -> Detection? {
        guard x.isFinite else { return nil }
        intervals += 1
        recent.append(x)
        if recent.count > Self.lately { recent.removeFirst() }
        guard reference.count >= Self.baseline else {
            reference.add(x)
            _ = adwin.add(x)
            return nil
        }
        guard let detector = detector(of: x) else { return nil }
        let after = recent.reduce(0, +) / Double(recent.count)
        let found = Detection(
            detector: detector, at: now, before: reference.mean, after: after, intervals: intervals)
        self = ChangeDetectors()
        return found
    }

    private mutating func detector(of x: Double) -> String? {
        // A baseline that did not vary has no scale of its own: a thousandth of its size is one.
        let least = max(abs(reference.mean) * 1e-3, 1e-9)
        let z = (x - reference.mean) / max(reference.sampleVariance.squareRoot(), least)
        // One interval far away is an outlier, not a change.
        let bounded = min(max(z, -6), 6)
        for name in spoken.keys { spoken[name, default: 0] += 1 }
        if ewma.add(bounded) { spoken["ewma"] = 0 }
        if cusum.add(bounded) { spoken["cusum"] = 0 }
        if pageHinkley.0.add(bounded) { spoken["page_hinkley"] = 0 }
        if pageHinkley.1.add(-bounded) { spoken["page_hinkley"] = 0 }
        if adwin.add(x) { return "adwin" }
        let agreed = spoken.filter { $0.value <= Self.agreement }
        guard agreed.count >= 2 else { return nil }
        return agreed.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
    }
}

/// Changes found in the streams of one version or endpoint, told for a while.
struct ChangeLog: Sendable {
    /// How long a change is told, in milliseconds.
    static let toldMilliseconds: Int64 = 60_000
    private static let maximum = 64

    private(set) var found: [String: ChangeDetectors.Detection] = [:]

    mutating func note(_ detection: ChangeDetectors.Detection, in stream: String) {
        guard found.count < Self.maximum || found[stream] != nil else { return }
        found[stream] = detection
    }

    /// Readings by subject, `STREAM/DETECTOR`.
    mutating func readings(at now: Timestamp) -> [(subject: String, reading: SignalReading)] {
        // A detection from the future is one of before the clock was set back.
        found = found.filter { abs(now.milliseconds - $0.value.at.milliseconds) < Self.toldMilliseconds }
        return found.map { stream, detection in
            let text =
                "\(stream): mean \(AlertText.number(detection.before)) -> \(AlertText.number(detection.after))"
            let reading = SignalReading(
                value: 1, samples: detection.intervals, reference: detection.before,
                method: "\(detection.detector) on means of 1 s, baseline \(ChangeDetectors.baseline) intervals",
                explanation: text)
            return ("\(stream)/\(detection.detector)", reading)
        }
    }
}
