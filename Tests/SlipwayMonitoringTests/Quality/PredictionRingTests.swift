// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayMonitoring
import Testing

@Suite("The ring of predictions")
struct PredictionRingTests {
    /// What a ring is held against: a plain list.
    private struct Model {
        struct Record: Equatable {
            var key: [UInt8]
            var bytes: [UInt8]
            var at: Int64
            var version: UInt16
            var flags: UInt16 = 0
        }
        var records: [Record] = []
        var cost: Int { records.reduce(0) { $0 + PredictionRing.cost($1.bytes.count) } }
    }

    private static let chunkBytes = 4096

    /// Keys all begin differently and are as long as they say, so that none begins another.
    private static func key(_ number: Int) -> [UInt8] {
        let digits = Array(String(number).utf8)
        return [UInt8(digits.count)] + digits
    }

    private static func hash(_ key: [UInt8], falsely buckets: UInt64?) -> UInt64 {
        let hash = PredictionRing.hash(String(decoding: key, as: UTF8.self))
        return buckets.map { hash % $0 } ?? hash
    }

    private static func contents(_ ring: PredictionRing) -> [Model.Record] {
        var position = ring.head
        return (0..<ring.count).map { _ in
            defer { position = ring.position(after: position) }
            let header = ring.header(at: position)
            let bytes = ring.withRecord(at: position) { Array($0) }
            return Model.Record(
                key: Array(bytes.prefix(1 + Int(bytes[0]))), bytes: bytes, at: header.at, version: header.version,
                flags: header.flags)
        }
    }

    /// All records of a key, newest first.
    private static func found(_ key: [UInt8], hash: UInt64, in ring: PredictionRing) -> [[UInt8]] {
        key.withUnsafeBytes { key in
            var found: [[UInt8]] = []
            var next = ring.newest(key, hash: hash)
            while let position = next {
                found.append(ring.withRecord(at: position) { Array($0) })
                next = ring.older(than: position, key)
            }
            return found
        }
    }

    @Test(
        "holds what a list would, wherever records are large, leave or share a hash",
        arguments: [1, 2, 3, 4, 5, 6] as [UInt64], [nil, 1, 3] as [UInt64?])
    func model(seed: UInt64, buckets: UInt64?) {
        var random = SplitMix64(seed: seed)
        var ring = PredictionRing(chunkBytes: Self.chunkBytes)
        var model = Model()
        for step in 0..<3000 {
            // Now it fills, now it empties.
            let grows = (step / 300) % 2 == 0
            if random.below(10) < (grows ? 7 : 3) {
                let key = Self.key(random.below(50))
                // Most are small, some nearly a chunk, or several.
                let length = [random.below(80), random.below(80), random.below(80), random.below(4200), 12_000]
                var bytes = key + (0..<length[random.below(5)]).map { _ in UInt8(truncatingIfNeeded: step) }
                // To the byte as large as a chunk, with the header.
                if random.below(20) == 0 { bytes = key + [UInt8](repeating: 1, count: 4096 - 32 - key.count) }
                let version = UInt16(random.below(3))
                bytes.withUnsafeBytes {
                    _ = ring.append(
                        $0, hash: Self.hash(key, falsely: buckets), at: Int64(step), version: version, flags: 0)
                }
                model.records.append(Model.Record(key: key, bytes: bytes, at: Int64(step), version: version))
            } else if !model.records.isEmpty {
                ring.removeOldest()
                model.records.removeFirst()
            }
            if let last = model.records.indices.last, random.below(3) == 0 {
                let key = model.records[last].key
                let newest = key.withUnsafeBytes { ring.newest($0, hash: Self.hash(key, falsely: buckets)) }
                if let newest { ring.setFlags(7, at: newest) }
                model.records[last].flags = 7
            }
            ring.warm((0..<random.below(4)).map { Self.hash(Self.key($0), falsely: buckets) })
            #expect(ring.count == model.records.count)
            #expect(ring.bytes == model.cost)
            guard step % 25 == 0 else { continue }
            #expect(Self.contents(ring) == model.records)
            for number in 0..<52 {
                let key = Self.key(number)
                let expected = model.records.filter { $0.key == key }.map(\.bytes).reversed()
                #expect(Self.found(key, hash: Self.hash(key, falsely: buckets), in: ring) == Array(expected))
            }
        }
    }

    @Test("finds all of very many, and none of those that left")
    func many() {
        var ring = PredictionRing(chunkBytes: Self.chunkBytes)
        for number in 0..<30_000 {
            let key = Self.key(number)
            key.withUnsafeBytes { _ = ring.append($0, hash: Self.hash(key, falsely: nil), at: 0) }
            if number >= 10_000 { ring.removeOldest() }
        }
        #expect(ring.count == 10_000)
        for number in 0..<30_000 {
            let key = Self.key(number)
            let isThere = Self.found(key, hash: Self.hash(key, falsely: nil), in: ring).count == 1
            #expect(isThere == (number >= 20_000))
        }
        // The index follows when few are left.
        for _ in 0..<9990 { ring.removeOldest() }
        for number in 30_000..<30_030 {
            let key = Self.key(number)
            key.withUnsafeBytes { _ = ring.append($0, hash: Self.hash(key, falsely: nil), at: 0) }
        }
        for number in 29_980..<30_030 {
            let key = Self.key(number)
            #expect(Self.found(key, hash: Self.hash(key, falsely: nil), in: ring).count == (number < 29_990 ? 0 : 1))
        }
    }

    @Test("leaves a copy as it was")
    func copies() {
        var ring = PredictionRing(chunkBytes: Self.chunkBytes)
        func add(_ number: Int) {
            let key = Self.key(number)
            key.withUnsafeBytes { _ = ring.append($0, hash: Self.hash(key, falsely: nil), at: Int64(number)) }
        }
        for number in 0..<200 { add(number) }
        let copy = ring
        let before = Self.contents(copy)
        for number in 200..<900 {
            add(number)
            ring.removeOldest()
        }
        #expect(Self.contents(copy) == before)
        #expect(Self.contents(ring).map(\.at) == Array(700..<900))
    }
}
