// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayNumerics
import Testing

@Suite("Count, mean and variance of a stream")
struct WelfordTests {
    @Test("keeps the variance of small differences far from zero")
    func noCancellation() {
        var stream = Welford()
        for x in [1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16] { stream.add(x) }
        #expect(stream.mean == 1e9 + 10)
        #expect(stream.sampleVariance == 30)
        #expect(stream.variance == 22.5)
    }

    @Test("gives the same for merged parts as for the whole")
    func merge() {
        var (whole, parts) = (Welford(), [Welford(), Welford(), Welford()])
        var random = SplitMix64(seed: 3)
        for index in 0..<999 {
            let x = random.unit() * 10 - 3
            whole.add(x)
            parts[index * index % 3].add(x)
        }
        var merged = Welford()
        for part in parts { merged.merge(part) }
        #expect(merged.count == whole.count)
        // Another order of a thousand additions: some hundred units in the last place.
        #expect(abs(merged.mean - whole.mean) < 1e-13)
        #expect(abs(merged.variance - whole.variance) < 1e-12)
    }

    @Test("leaves out what is not finite")
    func notFinite() {
        var stream = Welford()
        for x in [1.0, .nan, .infinity, -Double.infinity, 3] { stream.add(x) }
        #expect(stream.count == 2)
        #expect(stream.mean == 2)
    }

    @Test("has no margin below two numbers")
    func margin() throws {
        var stream = Welford()
        #expect(stream.margin == nil)
        stream.add(1)
        #expect(stream.margin == nil)
        stream.add(3)
        // Deviation sqrt 2 over sqrt 2 numbers is 1.
        #expect(try #require(stream.margin) == 1.959963984540054)
    }
}
