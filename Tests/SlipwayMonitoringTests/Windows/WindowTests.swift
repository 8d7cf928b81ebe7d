// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayMonitoring
import SlipwayNumerics
import Testing

@Suite struct WindowTests {
    private let minute: Int64 = 60_000

    /// Windows of an hour in twelve buckets.
    private func book(_ profile: ReferenceProfile, replica: String = "a", buckets: Int = 12) -> MonitorBook {
        var spec = Rows.everyRow
        spec.buckets = buckets
        return Rows.book(profile, spec: spec, replica: replica)
    }

    private func samples(_ book: MonitorBook, at milliseconds: Int64) -> Int {
        book.report(at: Timestamp(milliseconds: milliseconds)).reading(.ks, "input")?.samples ?? 0
    }

    private var profile: ReferenceProfile { get throws { try Rows.profile(Rows.normal(2000, seed: 1)) } }

    @Test("a sliding window lets go of its oldest bucket, a tumbling one of all")
    func slides() throws {
        let sliding = book(try profile)
        let tumbling = book(try profile, buckets: 1)
        for five in 0..<24 {
            let at = Int64(five) * 5 * minute + 1000
            for book in [sliding, tumbling] { book.add(try Rows.prediction([0.1, 0.2], at: at)) }
            #expect(samples(sliding, at: at) == 2 * min(five + 1, 12))
            #expect(samples(tumbling, at: at) == 2 * (five % 12 + 1))
        }
        // Nothing came for an hour.
        #expect(samples(sliding, at: 190 * minute) == 0)
    }

    @Test("a bucket also ends after so many rows")
    func byCount() throws {
        var spec = Rows.everyRow
        spec.buckets = 3
        spec.bucketRows = 100
        let book = Rows.book(try profile, spec: spec)
        for index in 0..<10 {
            book.add(try Rows.prediction(Rows.normal(100, seed: 4), at: 1000 + Int64(index)))
        }
        #expect(samples(book, at: 2000) == 300)
    }

    @Test("after a restart in mid-window counting goes on, and nothing is counted twice")
    func restart() throws {
        let first = book(try profile)
        var at: Int64 = 1000
        for _ in 0..<30 {
            first.add(try Rows.prediction(Rows.normal(10, seed: UInt64(at)), at: at))
            at += minute
        }
        let expected = first.report(at: Timestamp(milliseconds: at))
        let stored = first.windows(changedSince: nil)
        let second = book(try profile)
        second.restore(stored)
        second.restore(stored)
        let resumed = second.report(at: Timestamp(milliseconds: at))
        for kind in [SignalKind.psi, .ks, .missingRate, .outOfRangeRate, .duplicateRate] {
            let subject = kind == .duplicateRate ? nil : "input"
            #expect(resumed.reading(kind, subject)?.value == expected.reading(kind, subject)?.value, "\(kind)")
        }
        second.add(try Rows.prediction([0.5], at: at))
        #expect(samples(second, at: at + 2000) == 301)
        let starts = second.windows(changedSince: nil).map(\.startedAt)
        #expect(Set(starts).count == starts.count)
        #expect(Set(stored.map(\.startedAt)).isSubset(of: starts))
    }

    @Test("only windows that changed since the last time are told")
    func changed() throws {
        let book = book(try profile)
        book.add(try Rows.prediction([1], at: 1000))
        #expect(book.windows(changedSince: nil).count == 1)
        book.add(try Rows.prediction([1], at: 6 * minute))
        book.add(try Rows.prediction([1], at: 11 * minute))
        #expect(book.windows(changedSince: Timestamp(milliseconds: 10 * minute)).count == 1)
        #expect(book.windows(changedSince: nil).count == 3)
    }

    @Test("several replicas give the answer of one, whoever counted what")
    func replicas() throws {
        let profile = try profile
        let whole = book(profile)
        let (a, b) = (book(profile, replica: "a"), book(profile, replica: "b"))
        for index in 0..<60 {
            let rows = Rows.normal(20, mean: 0.2, seed: UInt64(index))
            let prediction = try Rows.prediction(rows, at: Int64(index) * 30_000)
            whole.add(prediction)
            (index % 3 == 0 ? a : b).add(prediction)
        }
        a.restore(b.windows(changedSince: nil))
        // Stored again with more in it: replaced, not added.
        a.restore(b.windows(changedSince: Timestamp(milliseconds: 0)))
        let now = Timestamp(milliseconds: 1_800_000)
        let (one, many) = (whole.report(at: now), a.report(at: now))
        for kind in [SignalKind.psi, .ks, .chiSquare, .hellinger] {
            #expect(one.reading(kind, "input")?.value == many.reading(kind, "input")?.value, "\(kind)")
        }
        #expect(many.reading(.ks, "input")?.samples == 1200)
    }

    @Test("damaged windows, and those of another profile, are refused and change nothing")
    func damaged() throws {
        let source = book(try profile, replica: "b")
        source.add(try Rows.prediction(Rows.normal(300, seed: 2), at: 1000))
        let good = try #require(source.windows(changedSince: nil).first)
        let reader = book(try profile)
        var random = SplitMix64(seed: 9)
        var refused = 0
        for _ in 0..<500 {
            var window = good
            switch random.below(3) {
            case 0: window.data[random.below(window.data.count)] ^= UInt8(1 + random.below(255))
            case 1: window.data.removeLast(1 + random.below(window.data.count - 1))
            default: window.data += [UInt8](repeating: UInt8(random.below(256)), count: 1 + random.below(50))
            }
            reader.restore([window])
            refused += 1
            #expect(reader.refusedWindows == refused)
        }
        let other = book(try Rows.profile(Rows.normal(2000, seed: 77)))
        other.restore([good])
        #expect(other.refusedWindows == 1)
        #expect(samples(reader, at: 2000) == 0)
        reader.restore([good])
        #expect(samples(reader, at: 4000) == 300)
    }

    @Test("bytes that lie about their counts are refused even with a right checksum")
    func hostile() throws {
        let source = book(try profile, replica: "b")
        source.add(try Rows.prediction(Rows.normal(50, seed: 2), at: 1000))
        let good = try #require(source.windows(changedSince: nil).first)
        let reader = book(try profile)
        var random = SplitMix64(seed: 3)
        var accepted = 0
        for _ in 0..<2000 {
            var window = good
            var body = Array(window.data.dropLast(8))
            // Behind the mark and the fingerprint, so that the counts themselves are read.
            for _ in 0...random.below(4) { body[11 + random.below(body.count - 11)] = UInt8(random.below(256)) }
            let sum = StableHash.of(bytes: body)
            window.data = body + (0..<8).map { UInt8(truncatingIfNeeded: sum >> UInt64(8 * $0)) }
            let before = reader.refusedWindows
            reader.restore([window])
            if reader.refusedWindows == before { accepted += 1 }
        }
        // Sums of doubles may be anything; most of the bytes are counts, whose totals must fit.
        #expect(accepted < 1000)
        _ = reader.report(at: Timestamp(milliseconds: 2000))
    }

    @Test("a clock that steps back or ahead loses no row of the window and breaks nothing")
    func clockSteps() throws {
        let book = book(try profile)
        let noon: Int64 = 12 * 60 * minute
        for index in 0..<10 { book.add(try Rows.prediction([0.1], at: noon + Int64(index) * minute)) }
        // A day back.
        let back = noon - 24 * 60 * minute
        book.add(try Rows.prediction([0.1], at: back))
        #expect(samples(book, at: back) == 11)
        book.add(try Rows.prediction([0.1], at: back + minute))
        #expect(samples(book, at: back + minute + 1) == 12)
        // A year ahead: what was before is no longer of this hour.
        let ahead = noon + 365 * 24 * 60 * minute
        book.add(try Rows.prediction([0.1], at: ahead))
        #expect(samples(book, at: ahead) == 1)
    }

    struct Moment: Sendable {
        let at: Int64
        let last: Int64
        let rows: UInt64
        let expected: WindowClock.Action
    }

    @Test(
        "a bucket stays, ends or moves",
        arguments: [
            Moment(at: 299_999, last: 1000, rows: 1, expected: .stay),
            Moment(at: 300_000, last: 1000, rows: 1, expected: .end(next: Timestamp(milliseconds: 300_000))),
            Moment(at: 1_000_000, last: 1000, rows: 1, expected: .end(next: Timestamp(milliseconds: 900_000))),
            Moment(at: 5000, last: 5000, rows: 100, expected: .end(next: Timestamp(milliseconds: 5000))),
            Moment(at: 0, last: 0, rows: 100, expected: .end(next: Timestamp(milliseconds: 1))),
            Moment(at: 0, last: 60_000, rows: 1, expected: .stay),
            Moment(at: 0, last: 60_001, rows: 1, expected: .moveBack(milliseconds: 60_001)),
        ])
    func clock(moment: Moment) {
        var spec = MonitoringSpec()
        spec.buckets = 12
        spec.bucketRows = 100
        let action = WindowClock(spec).action(
            startedAt: Timestamp(milliseconds: 0), lastAt: Timestamp(milliseconds: moment.last), rows: moment.rows,
            now: Timestamp(milliseconds: moment.at))
        #expect(action == moment.expected)
    }

    @Test("absurd specifications give a usable window", arguments: [-1, 0, .nan, .infinity, 1e300] as [Double])
    func absurd(seconds: Double) throws {
        var spec = MonitoringSpec()
        spec.windowSeconds = seconds
        spec.buckets = 1000
        spec.bucketRows = -5
        let clock = WindowClock(spec)
        #expect(clock.bucketMilliseconds >= 1 && clock.buckets == 60 && clock.bucketRows == 1)
    }

    @Test("a window of 30 features takes less than 8 KB for each")
    func memory() throws {
        let columns = 30
        let profile = try Rows.profile(Rows.normal(3000 * columns, seed: 1), columns: columns)
        let parts = MonitoringSpec.usualBuckets
        let book = book(profile, buckets: parts)
        for bucket in 0..<parts {
            let rows = Rows.normal(2000 * columns, seed: UInt64(bucket))
            let prediction = try Rows.prediction(rows, columns: columns, at: Int64(bucket) * 6 * minute)
            for _ in 0..<25 { book.add(prediction) }
        }
        let stored = book.windows(changedSince: nil)
        #expect(stored.count == parts)
        let closed = stored.dropLast().reduce(0) { $0 + $1.data.count } / (columns + 1)
        // The bucket being counted: 2 * 257 + 1 cells of 4 bytes, sums, and 48 sampled numbers of 4 bytes, twice.
        let live = 515 * 4 + 128 + 2 * 48 * 4
        #expect(closed + live < 8192)
    }

    @Test("of another replica no more parts count than a window has")
    func foreignByCount() throws {
        var spec = Rows.everyRow
        spec.buckets = 3
        spec.bucketRows = 10
        let profile = try profile
        let (a, b) = (Rows.book(profile, spec: spec, replica: "a"), Rows.book(profile, spec: spec, replica: "b"))
        for index in 0..<20 {
            b.add(try Rows.prediction(Rows.normal(10, seed: UInt64(index + 1)), at: 1000 + Int64(index) * 10))
            a.restore(b.windows(changedSince: Timestamp(milliseconds: 0)))
        }
        #expect(samples(a, at: 3000) == 30)
    }
}
