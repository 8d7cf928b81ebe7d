// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// What a replica served of an endpoint, as a whole and by version, as bytes for the others.
///
/// A few kilobytes: parts of time without requests take none, cells of latency without any a byte or two for all of a
/// run. A mark and a version begin it, a checksum ends it; reading checks everything.
enum ServiceCodec {
    struct Content: Sendable {
        var whole = ServiceTally()
        var versions: [VersionID: ServiceTally] = [:]

        mutating func merge(_ other: Content, at now: Timestamp) {
            whole.merge(other.whole, at: now)
            for (version, tally) in other.versions { versions[version, default: ServiceTally()].merge(tally, at: now) }
        }
    }

    /// `SS` and the format's number.
    private static let mark: [UInt8] = [0x53, 0x53, 1]
    private static let maximumBytes = 16 << 20
    private static let maximumTextBytes = 1 << 16
    private static let maximumVersions = 64
    private static let maximumRings = 256
    /// Counts above are none that requests could have made.
    private static let maximumCount = UInt64(1) << 50

    static func encode(_ content: Content) -> [UInt8] {
        var writer = ByteWriter(mark: mark)
        write(content.whole, to: &writer)
        writer.count(UInt64(content.versions.count))
        for (version, tally) in content.versions.sorted(by: { $0.key < $1.key }) {
            writer.text(version.model)
            writer.count(UInt64(clamping: version.number))
            write(tally, to: &writer)
        }
        return writer.sealed
    }

    /// `nil` for bytes that are damaged.
    static func decode(_ bytes: [UInt8]) -> Content? {
        guard var reader = ByteReader(sealed: bytes, mark: mark, maximumBytes: maximumBytes),
            let whole = tally(&reader), let count = reader.count(), count <= UInt64(maximumVersions)
        else { return nil }
        var content = Content(whole: whole)
        for _ in 0..<count {
            guard let model = reader.text(maximumBytes: maximumTextBytes), let number = reader.count(),
                number <= maximumCount, let tally = tally(&reader)
            else { return nil }
            content.versions[VersionID(model: model, number: Int(number))] = tally
        }
        return reader.isAtEnd ? content : nil
    }

    private static func write(_ tally: ServiceTally, to writer: inout ByteWriter) {
        write(tally.startedAt?.milliseconds, to: &writer)
        writer.count(UInt64(tally.parts.count))
        var before: Int64 = 0
        for part in tally.parts {
            writer.word(UInt64(bitPattern: part.second &- before))
            before = part.second
            for count in [part.good, part.bad, part.unrouted] { writer.count(count) }
        }
        writer.count(UInt64(tally.latencies.count))
        for part in tally.latencies {
            writer.word(UInt64(bitPattern: part.start))
            writer.run(part.cells.cells.lazy.map(UInt64.init))
            writer.number(part.cells.sumNanoseconds)
        }
        writer.count(UInt64(tally.meter.rings.count))
        for (subject, ring) in tally.meter.rings.sorted(by: { $0.key < $1.key }) {
            writer.text(subject)
            writer.count(UInt64(clamping: ring.partMs))
            write(ring.newest, to: &writer)
            writer.run(ring.good.lazy.map { UInt64(clamping: $0) })
            writer.run(ring.bad.lazy.map { UInt64(clamping: $0) })
        }
    }

    private static func tally(_ reader: inout ByteReader) -> ServiceTally? {
        var tally = ServiceTally()
        guard let startedAt = time(&reader), readParts(&reader, into: &tally), readLatencies(&reader, into: &tally),
            let rings = reader.count(), rings <= UInt64(maximumRings)
        else { return nil }
        tally.startedAt = startedAt.map(Timestamp.init(milliseconds:))
        for _ in 0..<rings {
            guard let subject = reader.text(maximumBytes: maximumTextBytes), let ring = ring(&reader) else {
                return nil
            }
            tally.meter.rings[subject] = ring
        }
        return tally
    }

    private static func readParts(_ reader: inout ByteReader, into tally: inout ServiceTally) -> Bool {
        guard let count = reader.count(), count <= UInt64(ServiceTally.seconds.most + 1) else { return false }
        var before: Int64 = 0
        for index in 0..<count {
            guard let step = reader.word().map(Int64.init(bitPattern:)), index == 0 || step > 0,
                let good = reader.count(), let bad = reader.count(), let unrouted = reader.count(),
                max(good, bad, unrouted) <= maximumCount
            else { return false }
            let (second, overflow) = before.addingReportingOverflow(step)
            guard !overflow, (-JournalCodec.maximumTime...JournalCodec.maximumTime).contains(second) else {
                return false
            }
            tally.parts.append(ServiceTally.Part(second: second, good: good, bad: bad, unrouted: unrouted))
            before = second
        }
        return true
    }

    private static func readLatencies(_ reader: inout ByteReader, into tally: inout ServiceTally) -> Bool {
        let most = ServiceTally.seconds.most / ServiceTally.latencySeconds + 2
        guard let count = reader.count(), count <= UInt64(most) else { return false }
        for _ in 0..<count {
            var cells = [UInt32](repeating: 0, count: LatencyCells.cellCount)
            guard let start = reader.word().map(Int64.init(bitPattern:)),
                (-JournalCodec.maximumTime...JournalCodec.maximumTime).contains(start),
                reader.run(length: cells.count, limit: UInt64(UInt32.max), { cells[$0] = UInt32($1) }),
                let sum = reader.number()
            else { return false }
            tally.latencies.append(
                ServiceTally.Latencies(start: start, cells: LatencyCells(cells: cells, sumNanoseconds: sum)))
        }
        return true
    }

    private static func ring(_ reader: inout ByteReader) -> BurnRing? {
        var good = [Int](repeating: 0, count: BurnRing.parts)
        var bad = good
        guard let length = reader.count(), length <= maximumCount, let newest = time(&reader),
            reader.run(length: good.count, limit: maximumCount, { good[$0] = Int($1) }),
            reader.run(length: bad.count, limit: maximumCount, { bad[$0] = Int($1) })
        else { return nil }
        return BurnRing(partMs: Int64(length), newest: newest, good: good, bad: bad)
    }

    private static func write(_ time: Int64?, to writer: inout ByteWriter) {
        writer.count(time == nil ? 0 : 1)
        if let time { writer.word(UInt64(bitPattern: time)) }
    }

    /// The outer `nil` for bytes that make no sense, the inner one for no time.
    private static func time(_ reader: inout ByteReader) -> Int64?? {
        guard let isThere = reader.count(), isThere <= 1 else { return nil }
        guard isThere == 1 else { return .some(nil) }
        guard let time = reader.word().map(Int64.init(bitPattern:)),
            (-JournalCodec.maximumTime...JournalCodec.maximumTime).contains(time)
        else { return nil }
        return .some(time)
    }
}
