// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayNumerics
import Testing

@Suite("Sketches")
struct SketchTests {
    @Test("DDSketch has the reference implementation's keys and values")
    func sketchKeys() {
        let sketch = DDSketch(alpha: 0.01)
        #expect(sketch.key(of: 123.456) == 241)
        // exp and log instead of a power: the last digits.
        #expect(near(sketch.value(of: 241), 122.74516052679878, 1e-13))
    }

    @Test("DDSketch keeps its relative error on any data", arguments: SampleKind.allCases)
    func sketchError(kind: SampleKind) throws {
        var random = SplitMix64(seed: 2)
        let values = kind.draw(5000, &random).map { $0 - 0.3 }
        var sketch = DDSketch(alpha: 0.01)
        for x in values { sketch.add(x) }
        let sorted = values.sorted()
        for p in [0, 0.01, 0.3, 0.5, 0.9, 0.99, 1] {
            let exact = sorted[Int(p * 4999)]
            // The error bound itself, and rounding.
            #expect(abs(try #require(sketch.quantile(p)) - exact) <= 0.01 * abs(exact) + 1e-12)
        }
    }

    @Test("DDSketch merges to that of the union")
    func sketchMerge() throws {
        var random = SplitMix64(seed: 4)
        var (whole, left, right) = (DDSketch(), DDSketch(), DDSketch())
        for index in 0..<4000 {
            let x = normal(&random)
            whole.add(x)
            if index % 3 == 0 { left.add(x) } else { right.add(x) }
        }
        #expect(left.merge(right) == true)
        #expect(left == whole)
        #expect(try recoded(whole) == whole)
        #expect(left.merge(DDSketch(alpha: 0.05)) == false)
    }

    @Test("DDSketch stays within its buckets, high quantiles exact")
    func sketchMemory() throws {
        var sketch = DDSketch(alpha: 0.01, maximumBuckets: 64)
        for x in 1...100_000 { sketch.add(Double(x)) }
        #expect(sketch.bucketCount == 64)
        #expect(near(sketch.quantile(0.99), 99_000, 0.0101))
        #expect(sketch.count == 100_000)
        for x in [Double.nan, .infinity, -.infinity] { sketch.add(x) }
        #expect(sketch.count == 100_000)
        #expect(DDSketch().quantile(0.5) == nil)
    }

    @Test("HyperLogLog estimates within four standard errors", arguments: [0, 1, 10, 1000, 10_000, 12_000, 200_000])
    func distinct(count: Int) {
        var sketch = HyperLogLog(precision: 12)
        for round in 0..<2 {
            for x in 0..<count where round == 0 || x < 5000 { sketch.add(Double(x) * 0.37) }
        }
        // 1.04 / sqrt(4096) = 1.6 %, four times; small counts are exact to a collision or two.
        #expect(abs(sketch.estimate - Double(count)) <= max(0.065 * Double(count), 1))
    }

    @Test("HyperLogLog merges to that of the union")
    func distinctMerge() throws {
        var (whole, left, right) = (HyperLogLog(), HyperLogLog(), HyperLogLog())
        for x in 0..<3000 {
            whole.add("value \(x)")
            if x < 2000 { left.add("value \(x)") }
            if x > 1000 { right.add("value \(x)") }
        }
        #expect(left.merge(right) == true)
        #expect(left == whole)
        #expect(left.registers.count == 4096)
        #expect(try recoded(whole) == whole)
        #expect(left.merge(HyperLogLog(precision: 10)) == false)
        #expect(HyperLogLog(registers: [1, 2, 3]) == nil)
        #expect(HyperLogLog(registers: [UInt8](repeating: 62, count: 16)) == nil)
    }

    @Test("tells values, not bits: zeros are one, NaN are one")
    func hashes() {
        #expect(StableHash.of(0.0) == StableHash.of(-0.0))
        #expect(StableHash.of(Double.nan) == StableHash.of(-Double.nan))
        #expect(StableHash.of("a") != StableHash.of("b"))
        #expect(StableHash.combined(1, 2) != StableHash.combined(2, 1))
        // The first output of SplitMix64 for seed 0, as published.
        #expect(StableHash.mixed(0) == 0xe220_a839_7b1d_cdaf)
    }

    @Test("SpaceSaving keeps every frequent text and brackets its count")
    func frequent() throws {
        var random = SplitMix64(seed: 7)
        var sketch = SpaceSaving(capacity: 50)
        var exact: [String: UInt64] = [:]
        for _ in 0..<20_000 {
            // Low numbers often, high ones seldom.
            let text = "t\(Int(1000 * random.unit() * random.unit() * random.unit() * random.unit()))"
            exact[text, default: 0] += 1
            sketch.add(text)
        }
        let top = sketch.top(50)
        #expect(top.count == 50)
        for entry in top {
            let count = exact[entry.text] ?? 0
            #expect(entry.count >= count && entry.count - entry.error <= count)
        }
        for (text, count) in exact where count > 20_000 / 50 { #expect(top.contains { $0.text == text }) }
        #expect(top.map(\.count) == top.map(\.count).sorted(by: >))
        #expect(sketch.total == 20_000)
        #expect(try recoded(sketch).top(50) == top)
    }

    @Test("SpaceSaving merges, counts never too low")
    func frequentMerge() {
        var random = SplitMix64(seed: 17)
        var parts = [SpaceSaving(capacity: 40), SpaceSaving(capacity: 40)]
        var exact: [String: UInt64] = [:]
        for index in 0..<10_000 {
            let text = "t\(Int(500 * random.unit() * random.unit() * random.unit()))"
            exact[text, default: 0] += 1
            parts[index % 2].add(text)
        }
        parts[0].merge(parts[1])
        #expect(parts[0].total == 10_000)
        #expect(parts[0].top(99).count == 40)
        for entry in parts[0].top(40) {
            let count = exact[entry.text] ?? 0
            #expect(entry.count >= count && entry.count - entry.error <= count)
        }
        for (text, count) in exact where count > 10_000 / 40 * 2 {
            #expect(parts[0].top(40).contains { $0.text == text })
        }
    }

    @Test("SpaceSaving cuts long texts")
    func longTexts() {
        var sketch = SpaceSaving(capacity: 2)
        sketch.add(String(repeating: "é", count: 100_000))
        #expect(sketch.top(1)[0].text.utf8.count == SpaceSaving.maximumTextBytes)
    }
}
