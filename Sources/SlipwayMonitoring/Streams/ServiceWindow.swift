// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayNumerics

/// How a version served lately: errors and latencies of the last minute, or of up to five where there were few
/// requests, and its burn rates.
struct ServiceWindow: Sendable {
    private struct Part: Sendable {
        var second: Int64
        var good: UInt64 = 0
        var bad: UInt64 = 0
        var unrouted: UInt64 = 0
    }

    private struct Latencies: Sendable {
        var start: Int64
        var cells = LatencyCells()
    }

    /// Seconds that are looked at: at least, and at most.
    private static let seconds = (least: Int64(60), most: Int64(300))
    /// With so many requests the shortest look is enough.
    private static let enough: UInt64 = 200
    /// Seconds of one part of the latencies.
    private static let latencySeconds: Int64 = 10
    /// A burst is of the last so many seconds, of at least so many errors, this improbable.
    private static let burst = (seconds: Int64(10), errors: 5.0, pValue: 1e-6)

    private var parts: [Part] = []
    private var latencies: [Latencies] = []
    private var meter: BurnMeter
    private var startedAt: Timestamp?
    private var lastAt: Timestamp?
    private var interval = LatencyCells()
    private var intervalStart: Int64 = 0
    private var latencyDetectors = ChangeDetectors()
    private var log = ChangeLog()

    init(rules: [AlertRule]) { meter = BurnMeter(rules: rules) }

    /// Keeps what was counted under new rules.
    mutating func setRules(_ rules: [AlertRule]) { meter = BurnMeter(rules: rules) }

    /// Takes what was counted since the last call.
    mutating func add(_ values: ServiceCounters.Values, at now: Timestamp) {
        if startedAt == nil || now.milliseconds < (startedAt?.milliseconds ?? 0) { startedAt = now }
        stepBack(to: now)
        lastAt = now
        let second = now.milliseconds / 1000
        if values.good > 0 || values.bad > 0 {
            if parts.last?.second != second { parts.append(Part(second: second)) }
            parts[parts.count - 1].good &+= values.good
            parts[parts.count - 1].bad &+= values.bad
            parts[parts.count - 1].unrouted &+= values.unrouted
            meter.add(good: Int(clamping: values.good), bad: Int(clamping: values.bad), at: now)
        }
        if values.latencies.count > 0 {
            let start = second / Self.latencySeconds * Self.latencySeconds
            if latencies.last?.start != start { latencies.append(Latencies(start: start)) }
            latencies[latencies.count - 1].cells.merge(values.latencies)
        }
        let oldest = second - Self.seconds.most
        parts.removeAll { $0.second <= oldest }
        latencies.removeAll { $0.start <= oldest - Self.latencySeconds }
        watch(values.latencies, second: second, at: now)
    }

    /// A clock that was set back takes all parts with it.
    private mutating func stepBack(to now: Timestamp) {
        guard let lastAt, now < lastAt else { return }
        let seconds = (lastAt.milliseconds - now.milliseconds + 999) / 1000
        for index in parts.indices { parts[index].second -= seconds }
        for index in latencies.indices { latencies[index].start -= seconds }
        intervalStart -= seconds
        meter.move(back: lastAt.milliseconds - now.milliseconds)
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
        var late = (bad: 0.0, all: 0.0)
        var early = (bad: 0.0, all: 0.0)
        for part in parts {
            let (bad, all) = (Double(part.bad), Double(part.good) + Double(part.bad))
            if part.second > second - Self.burst.seconds {
                late = (late.bad + bad, late.all + all)
            } else {
                early = (early.bad + bad, early.all + all)
            }
        }
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
        let (good, bad, seconds) = counts(at: now)
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
        result += latencyReadings(at: now, seconds: seconds)
        if hasBurn || isMostlyUnrouted { result += meter.readings(at: now).map { (.burnRate, $0.subject, $0.reading) } }
        result += log.readings(at: now).map { (.change, $0.subject, $0.reading) }
        return result
    }

    private var isMostlyUnrouted: Bool {
        let (unrouted, bad) = parts.reduce((UInt64(0), UInt64(0))) { ($0.0 &+ $1.unrouted, $0.1 &+ $1.bad) }
        return unrouted > bad / 2
    }

    /// Of the shortest look back that has enough requests.
    private func counts(at now: Timestamp) -> (good: UInt64, bad: UInt64, seconds: Int) {
        let second = now.milliseconds / 1000
        var good: UInt64 = 0
        var bad: UInt64 = 0
        var seconds = Self.seconds.least
        for part in parts.reversed() where part.second <= second {
            let age = second - part.second
            guard age < Self.seconds.most, age < Self.seconds.least || good &+ bad < Self.enough else { break }
            good &+= part.good
            bad &+= part.bad
            seconds = max(seconds, age + 1)
        }
        // A version that began a second ago has no rate of a minute.
        let life = max(1, (now.milliseconds - (startedAt ?? now).milliseconds) / 1000 + 1)
        return (good, bad, Int(min(seconds, life)))
    }

    private func latencyReadings(at now: Timestamp, seconds: Int) -> [MonitorReading] {
        let oldest = now.milliseconds / 1000 - Int64(seconds) - Self.latencySeconds
        var cells = LatencyCells()
        for part in latencies where part.start > oldest { cells.merge(part.cells) }
        return [(SignalKind.latencyP50, 0.5), (.latencyP99, 0.99)].compactMap { kind, q in
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
