// SPDX-License-Identifier: Apache-2.0

import SlipwayNumerics
import Testing

@Suite("Reservoir")
struct ReservoirTests {
    @Test("keeps everything while there is room, then a constant number")
    func capacity() {
        var reservoir = Reservoir<Int>(capacity: 10, seed: 1)
        for x in 0..<10 { reservoir.add(x) }
        #expect(reservoir.items == Array(0..<10))
        for x in 10..<5000 { reservoir.add(x) }
        #expect(reservoir.items.count == 10)
        #expect(reservoir.offered == 5000)
    }

    @Test("draws early and late items alike")
    func uniform() {
        var early = 0
        for seed in 0..<2000 {
            var reservoir = Reservoir<Int>(capacity: 5, seed: UInt64(seed))
            for x in 0..<100 { reservoir.add(x) }
            early += reservoir.items.filter { $0 < 50 }.count
        }
        // 5,000 of 10,000 expected, deviation below 50: four of them.
        #expect(abs(early - 5000) < 200)
    }

    @Test("is the same for the same seed")
    func seeded() {
        var (a, b) = (Reservoir<Int>(capacity: 7, seed: 9), Reservoir<Int>(capacity: 7, seed: 9))
        for x in 0..<300 {
            a.add(x)
            b.add(x)
        }
        #expect(a == b)
    }

    @Test("makes only the items that it keeps")
    func places() {
        var reservoir = Reservoir<Int>(capacity: 3, seed: 4)
        var made = 0
        for x in 0..<1000 {
            guard let place = reservoir.place() else { continue }
            made += 1
            reservoir.put(x, at: place)
        }
        #expect(reservoir.items.count == 3)
        // 3 (1 + 1/2 + ... ) of the harmonic sum: about 18.
        #expect(made < 60)
    }

    @Test("merges by how much each side stands for")
    func merge() {
        var fromRight = 0
        for seed in 0..<1000 {
            var left = Reservoir<Int>(capacity: 10, seed: UInt64(seed))
            var right = Reservoir<Int>(capacity: 10, seed: UInt64(seed) + 5000)
            for x in 0..<900 { left.add(x) }
            for x in 1000..<1100 { right.add(x) }
            left.merge(right)
            #expect(left.items.count == 10)
            #expect(left.offered == 1000)
            fromRight += left.items.filter { $0 >= 1000 }.count
        }
        // A tenth of 10,000, deviation 30: four of them.
        #expect(abs(fromRight - 1000) < 120)
    }

    @Test("joins small samples whole, and comes back from JSON")
    func smallMerge() throws {
        var left = Reservoir<Double>(capacity: 10, seed: 1)
        var right = left
        for x in 0..<4 { left.add(Double(x)) }
        for x in 4..<9 { right.add(Double(x)) }
        left.merge(right)
        #expect(left.items == (0..<9).map(Double.init))
        #expect(try recoded(left) == left)
    }
}
