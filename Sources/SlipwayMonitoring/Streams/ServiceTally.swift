// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// What was served in the last minutes, in parts of time that add up over replicas.
struct ServiceTally: Sendable {
    struct Part: Sendable, Equatable {
        var second: Int64
        var good: UInt64 = 0
        var bad: UInt64 = 0
        var unrouted: UInt64 = 0
    }

    struct Latencies: Sendable {
        var start: Int64
        var cells = LatencyCells()
    }

    /// Seconds that are looked at: at least, and at most.
    static let seconds = (least: Int64(60), most: Int64(300))
    /// With so many requests the shortest look is enough.
    private static let enough: UInt64 = 200
    /// Seconds of one part of the latencies.
    static let latencySeconds: Int64 = 10

    /// Ascending.
    var parts: [Part] = []
    /// Ascending.
    var latencies: [Latencies] = []
    var meter: BurnMeter
    /// When counting began.
    var startedAt: Timestamp?
    /// When something was counted last.
    var countedAt: Timestamp?

    init(meter: BurnMeter = BurnMeter()) { self.meter = meter }

    // MARK: Counting

    mutating func add(_ values: ServiceCounters.Values, at now: Timestamp) {
        if startedAt == nil || now.milliseconds < (startedAt?.milliseconds ?? 0) { startedAt = now }
        let second = now.milliseconds / 1000
        if values.good > 0 || values.bad > 0 {
            countedAt = now
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
    }

    /// A clock that was set back takes all parts with it.
    mutating func move(back milliseconds: Int64) {
        let seconds = (milliseconds + 999) / 1000
        for index in parts.indices { parts[index].second -= seconds }
        for index in latencies.indices { latencies[index].start -= seconds }
        meter.move(back: milliseconds)
    }

    /// Adds what another replica served.
    mutating func merge(_ other: ServiceTally, at now: Timestamp) {
        var sums = Dictionary(parts.map { ($0.second, $0) }) { one, _ in one }
        for part in other.parts {
            var sum = sums[part.second] ?? Part(second: part.second)
            sum.good &+= part.good
            sum.bad &+= part.bad
            sum.unrouted &+= part.unrouted
            sums[part.second] = sum
        }
        parts = sums.values.sorted { $0.second < $1.second }
        for part in other.latencies {
            if let index = latencies.firstIndex(where: { $0.start == part.start }) {
                latencies[index].cells.merge(part.cells)
            } else {
                latencies.append(part)
            }
        }
        latencies.sort { $0.start < $1.start }
        meter.merge(other.meter, at: now)
        startedAt = [startedAt, other.startedAt].compactMap(\.self).min()
        countedAt = [countedAt, other.countedAt].compactMap(\.self).max()
    }

    // MARK: Reading

    /// Whether more than half of the faults came before a version was chosen.
    var isMostlyUnrouted: Bool {
        let (unrouted, bad) = parts.reduce((UInt64(0), UInt64(0))) { ($0.0 &+ $1.unrouted, $0.1 &+ $1.bad) }
        return unrouted > bad / 2
    }

    /// Requests of the shortest look back that has enough of them.
    func counts(at now: Timestamp) -> (good: UInt64, bad: UInt64, seconds: Int) {
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

    /// Latencies of the last `seconds`.
    func latencies(at now: Timestamp, seconds: Int) -> LatencyCells {
        let second = now.milliseconds / 1000
        let oldest = second - Int64(seconds) - Self.latencySeconds
        var cells = LatencyCells()
        for part in latencies where part.start > oldest && part.start <= second { cells.merge(part.cells) }
        return cells
    }

    /// Bad requests and all, of the last `seconds` and of the time before them.
    func halves(at second: Int64, seconds: Int64) -> (
        late: (bad: Double, all: Double), early: (bad: Double, all: Double)
    ) {
        var late = (bad: 0.0, all: 0.0)
        var early = (bad: 0.0, all: 0.0)
        for part in parts where part.second <= second && part.second > second - Self.seconds.most {
            let (bad, all) = (Double(part.bad), Double(part.good) + Double(part.bad))
            if part.second > second - seconds {
                late = (late.bad + bad, late.all + all)
            } else {
                early = (early.bad + bad, early.all + all)
            }
        }
        return (late, early)
    }
}
