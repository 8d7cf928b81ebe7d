// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import Testing

@Suite("SplitMix64 random numbers")
struct SplitMix64Tests {
    @Test("are those of the reference implementation")
    func reference() {
        // The first values for seed 1234567, as it prints them.
        var random = SplitMix64(seed: 1_234_567)
        #expect(random.next() == 6_457_827_717_110_365_317)
        #expect(random.next() == 3_203_168_211_198_807_973)
        #expect(random.next() == 9_817_491_932_198_370_423)
    }

    @Test("stay within their bounds")
    func bounds() {
        var random = SplitMix64(seed: 1)
        for bound in [1, 2, 7, .max] { #expect((0..<bound).contains(random.below(bound))) }
        #expect(random.below(0) == 0)
        for _ in 0..<1000 { #expect((0..<1).contains(random.unit())) }
    }
}
