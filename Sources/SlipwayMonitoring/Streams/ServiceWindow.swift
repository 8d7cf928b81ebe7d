// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayNumerics

/// How a version served lately, on all replicas: errors and latencies of the last minute, or of up to five where there
/// were few requests, and its burn rates. Changes of latency are those of this replica.
struct ServiceWindow: Sendable {
    /// A burst is of the last so many seconds, of at least so many errors, this improbable.
    private static let burst = (seconds: Int64(10), errors: 5.0, pValue: 1e-6)

    /// Of this replica.
    private(set) var own: ServiceTally
    /// Of all others together, as they last told it; `nil` where there are none.
    var others: ServiceTally?
    private var lastAt: Timestamp?
    private var interval = LatencyCells()
    private var intervalStart: Int64 = 0
    private var latencyDetectors = ChangeDetectors()
    private var log = ChangeLog()

    init(rules: [AlertRule]) { own = ServiceTally(meter: BurnMeter(rules: rules)) }

    /// Keeps what was counted under new rules.
    mutating func setRules(_ rules: [AlertRule]) { own.meter = BurnMeter(rules: rules, keeping: own.meter) }

    /// Takes what was counted since the last call.
    mutating func add(_ values: ServiceCounters.Values, at now: Timestamp) {
        if let lastAt, now < lastAt {
            // A clock that was set back.
            let back = lastAt.milliseconds - now.milliseconds
            own.move(back: back)
            intervalStart -= (back + 999) / 1000
        }
        lastAt = now
        own.add(values, at: now)
        watch(values.latencies, second: now.milliseconds / 1000, at: now)
    }

    /// Of all replicas.
    private func whole(at now: Timestamp) -> ServiceTally {
        guard let others else { return own }
        var whole = own
        whole.merge(others, at: now)
        return whole
    }

    private mutating func watch(_ new: LatencyCells, second: Int64, at now: Timestamp) {
        interval.merge(new)
        guard second != intervalStart else { return }
        intervalStart = second
        if interval.count >= 5 {
            let mean = interval.sumNanoseconds / Double(interval.count) / 1e9
            if let found = latencyDetectors.add(mean, at: now) { log.note(found, in: "latency_seconds") }
            interval = LatencyCells()
        }
        noteBurst(second, at: now)
    }

    private mutating func noteBurst(_ second: Int64, at now: Timestamp) {
        let (late, early) = whole(at: now).halves(at: second, seconds: Self.burst.seconds)
        guard late.bad >= Self.burst.errors, early.all > 0, late.bad / late.all > early.bad / early.all else { return }
        let test = HypothesisTests.twoProportions(late.bad, of: late.all, early.bad, of: early.all)
        guard test.pValue < Self.burst.pValue else { return }
        log.note(
            ChangeDetectors.Detection(
                detector: "burst", at: now, before: early.bad / early.all, after: late.bad / late.all,
                intervals: Int(late.all)),
            in: "error_rate")
    }

    // MARK: Reading

    /// - Parameter hasBurn: Whether burn rates are told even when most faults are of a version, which tells its own.
    mutating func readings(at now: Timestamp, hasBurn: Bool = true) -> [MonitorReading] {
        let whole = whole(at: now)
        let (good, bad, seconds) = whole.counts(at: now)
        let all = good &+ bad
        var result: [MonitorReading] = []
        if all > 0 {
            let span = "last \(seconds) s"
            let share = Double(bad) / Double(all)
            let samples = Int(clamping: all)
            let margin = 1.96 * (share * (1 - share) / Double(all)).squareRoot()
            var errors = SignalReading(
                value: share, samples: samples, margin: margin, method: "faults over requests, \(span)",
                explanation: "\(bad) of \(all) requests failed in the \(span)")
            errors.windowSeconds = Double(max(1, seconds))
            result.append((.errorRate, nil, errors))
            result.append(
                (
                    .requestRate, nil,
                    SignalReading(
                        value: Double(all) / Double(max(1, seconds)), samples: samples,
                        method: "requests per second, \(span)")
                ))
        }
        result += Self.readings(of: whole.latencies(at: now, seconds: seconds), seconds: seconds)
        if hasBurn || whole.isMostlyUnrouted {
            // Others may still have windows that the rules ask for no longer.
            result += whole.meter.readings(at: now).filter { own.meter.rings[$0.subject] != nil }
                .map { (.burnRate, $0.subject, $0.reading) }
        }
        result += log.readings(at: now).map { (.change, $0.subject, $0.reading) }
        return result
    }

    private static func readings(of cells: LatencyCells, seconds: Int) -> [MonitorReading] {
        [(SignalKind.latencyP50, 0.5), (.latencyP99, 0.99)].compactMap { kind, q in
            cells.quantile(q).map { value in
                (
                    kind, nil,
                    SignalReading(
                        value: value, samples: Int(clamping: cells.count),
                        method: "16 cells to each power of two, within 3.2 %, last \(seconds) s")
                )
            }
        }
    }
}
