// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayServing
import Testing

@Suite("Response cache")
struct ResponseCacheTests {
    typealias Samples = AssemblySamples
    typealias Key = ResponseCache.Key

    private static let version = Digest(bytes: [UInt8](repeating: 1, count: 32))
    private static let other = Digest(bytes: [UInt8](repeating: 2, count: 32))

    private func inputs(_ values: [Float]) throws -> NamedTensors {
        ["x": try Tensor(values, shape: [values.count])]
    }

    private func key(_ value: Float, of version: Digest = version, hash: Int? = nil) throws -> Key {
        let inputs = try inputs([value])
        guard let hash else { return Key(version: version, inputs: inputs, requestedOutputs: nil) }
        return Key(version: version, inputs: inputs, requestedOutputs: nil, hash: hash)
    }

    private func answer(_ value: Float) throws -> NamedTensors { ["y": try Tensor([value], shape: [1])] }

    /// Room for `count` entries of ``key(_:of:hash:)`` and ``answer(_:)``, and for a little less than one more.
    private func cache(for count: Int) throws -> ResponseCache {
        let entry = try #require(ResponseCache.Entry(try answer(0), for: try key(0), maximumBytes: .max))
        return ResponseCache(maximumBytes: entry.byteCount * (count + 1) - 1)
    }

    @Test("gives back what was answered to the same question, and counts")
    func hit() throws {
        var cache = ResponseCache(maximumBytes: 1 << 20)
        #expect(cache.find(try key(1)) == nil)
        cache.insert(try answer(10), for: try key(1))
        let found = try #require(cache.find(try key(1)))
        #expect(Samples.content(found) == Samples.content(try answer(10)))
        #expect(cache.statistics.hits == 1)
        #expect(cache.statistics.misses == 1)
        #expect(cache.statistics.entries == 1)
        #expect(cache.statistics.bytes >= 8)
    }

    @Test("anything that differs is another question, even under the same hash")
    func questions() throws {
        let bits: [UInt32] = [1, 2]
        let shaped = try Tensor([1, 2] as [Float], shape: [2])
        let wide = try Tensor([1, 2] as [Float], shape: [1, 2])
        let typed = try Tensor(bits, shape: [2])
        let questions: [(Digest, NamedTensors, [String]?)] = [
            (Self.version, ["x": shaped], nil), (Self.other, ["x": shaped], nil), (Self.version, ["x": shaped], []),
            (Self.version, ["x": shaped], ["y"]), (Self.version, ["x": shaped], ["y", "z"]),
            (Self.version, ["x": shaped], ["z", "y"]), (Self.version, ["x2": shaped], nil),
            (Self.version, ["x": wide], nil), (Self.version, ["x": typed], nil),
            (Self.version, ["x": try Tensor([1, 3] as [Float], shape: [2])], nil), (Self.version, [:], nil),
            (Self.version, ["x": shaped, "z": shaped], nil),
            (Self.version, ["x": try Tensor(["ab", "c"], shape: [2])], nil),
            (Self.version, ["x": try Tensor(["a", "bc"], shape: [2])], nil),
        ]
        for collide in [true, false] {
            var cache = ResponseCache(maximumBytes: 1 << 20)
            let keys = questions.map { version, inputs, outputs in
                collide
                    ? Key(version: version, inputs: inputs, requestedOutputs: outputs, hash: 7)
                    : Key(version: version, inputs: inputs, requestedOutputs: outputs)
            }
            for (index, key) in keys.enumerated() {
                #expect(cache.find(key) == nil)
                cache.insert(try answer(Float(index)), for: key)
            }
            for (index, key) in keys.enumerated() {
                #expect(cache.find(key)?["y"]?.values() == [Float(index)])
            }
            #expect(cache.statistics.entries == questions.count)
        }
    }

    @Test("the least recently asked goes first")
    func order() throws {
        // An entry is an eighth at most, so there is room for eight at least.
        var cache = try cache(for: 8)
        for value in 0..<8 { cache.insert(try answer(Float(value)), for: try key(Float(value))) }
        #expect(cache.find(try key(0)) != nil)
        #expect(cache.find(try key(2)) != nil)
        for value in 8..<11 { cache.insert(try answer(Float(value)), for: try key(Float(value))) }
        let kept = try (0..<11).filter { cache.find(try key(Float($0))) != nil }
        #expect(kept == [0, 2, 5, 6, 7, 8, 9, 10])
        #expect(cache.statistics.evictions == 3)
        #expect(cache.statistics.entries == 8)
    }

    @Test("a later answer to a question replaces the earlier")
    func replacing() throws {
        var cache = ResponseCache(maximumBytes: 1 << 20)
        cache.insert(try answer(1), for: try key(1))
        let bytes = cache.statistics.bytes
        cache.insert(try answer(2), for: try key(1))
        #expect(cache.find(try key(1))?["y"]?.values() == [2] as [Float])
        #expect(cache.statistics.entries == 1)
        #expect(cache.statistics.bytes == bytes)
        #expect(cache.statistics.evictions == 0)
    }

    @Test("an answer above an eighth of the bound is not kept and drives nothing out")
    func tooLarge() throws {
        var cache = ResponseCache(maximumBytes: 16_000)
        cache.insert(try answer(1), for: try key(1))
        let large: NamedTensors = ["y": try Tensor([Float](repeating: 0, count: 500), shape: [500])]
        cache.insert(large, for: try key(2))
        #expect(cache.find(try key(2)) == nil)
        #expect(cache.find(try key(1)) != nil)
        #expect(cache.statistics.entries == 1)
        var none = ResponseCache(maximumBytes: 0)
        none.insert(try answer(1), for: try key(1))
        #expect(none.statistics.entries == 0)
    }

    @Test("keeps copies: neither a received body nor a whole batch's answer stays alive")
    func copies() throws {
        var cache = ResponseCache(maximumBytes: 1 << 20)
        weak var weakBatch: TensorStorage?
        do {
            let owned = TensorStorage(byteCount: 4_096) { bytes in
                _ = bytes.initializeMemory(as: UInt8.self, repeating: 9)
            }
            weakBatch = owned
            let view: NamedTensors = [
                "y": try Tensor(elementType: .uint8, shape: [4], storage: owned.slice(0..<4))
            ]
            cache.insert(view, for: try key(1))
        }
        #expect(weakBatch == nil)
        #expect(cache.find(try key(1))?["y"]?.values() == [9, 9, 9, 9] as [UInt8])
    }

    /// A cache without any cleverness: a list, the newest last.
    private struct Simple {
        var entries: [(key: Int, value: Float)] = []
        mutating func find(_ key: Int) -> Float? {
            guard let index = entries.firstIndex(where: { $0.key == key }) else { return nil }
            entries.append(entries.remove(at: index))
            return entries.last?.value
        }
        mutating func insert(_ key: Int, _ value: Float, limit: Int) {
            entries.removeAll { $0.key == key }
            entries.append((key, value))
            if entries.count > limit { entries.removeFirst() }
        }
    }

    @Test("behaves as a plain list does, over random operations and with colliding hashes", arguments: [1, 3, 1_000])
    func model(hashes: Int) throws {
        var cache = try cache(for: 12)
        var simple = Simple()
        var generator = SplitMix64(seed: UInt64(hashes))
        for step in 0..<4_000 {
            let number = Int.random(in: 0..<24, using: &generator)
            let version = number.isMultiple(of: 3) ? Self.other : Self.version
            let key = try key(Float(number), of: version, hash: number % hashes)
            switch Int.random(in: 0..<100, using: &generator) {
            case 0..<50:
                cache.insert(try answer(Float(step)), for: key)
                simple.insert(number, Float(step), limit: 12)
            default:
                #expect(cache.find(key)?["y"]?.values(as: Float.self)?.first == simple.find(number))
            }
            #expect(cache.statistics.entries == simple.entries.count)
            #expect(cache.statistics.bytes <= cache.maximumBytes)
        }
        #expect(cache.statistics.evictions > 100)
    }
}

extension ResponseCache {
    fileprivate mutating func insert(_ outputs: NamedTensors, for key: Key) {
        if let entry = Entry(outputs, for: key, maximumBytes: maximumEntryBytes) { insert(entry) }
    }
}
