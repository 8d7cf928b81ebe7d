// SPDX-License-Identifier: Apache-2.0

import SlipwayServing
import Testing

@Suite("Stable hash")
struct StableHashTests {
    @Test(
        "is the same in every process and release: these numbers must never change",
        arguments: [
            ("", "", 0x4f2d_b50f_1240_40cd, 3092), ("fraud", "", 0xa25a_b734_c9f6_d764, 6341),
            ("fraud", "user-1", 0x1355_98b2_f47d_3b63, 755), ("fraud", "user-2", 0x1a30_4e15_9e65_6b05, 1022),
            ("churn", "user-1", 0xfc61_d8ae_c160_4755, 9858), ("fräud", "日本", 0x3354_b119_c894_c7a9, 2005),
        ] as [(String, String, UInt64, Int)])
    func fixed(name: String, key: String, hash: UInt64, slot: Int) {
        // Computed apart from this code, with Python's integers.
        #expect(StableHash.of(key, seed: StableHash.seed(name)) == hash)
        #expect(StableHash.slot(hash, of: 10_000) == slot)
    }

    @Test("mixes as the published generator does")
    func mix() {
        // The first number of SplitMix64 from 0.
        #expect(StableHash.mix(0x9e37_79b9_7f4a_7c15) == 0xe220_a839_7b1d_cdaf)
    }

    @Test("tells a name and a key apart however they are divided")
    func division() {
        #expect(StableHash.of("bc", seed: StableHash.seed("a")) != StableHash.of("c", seed: StableHash.seed("ab")))
    }

    @Test("slots are within their count", arguments: [0, 1, UInt64.max / 2, .max])
    func slots(hash: UInt64) {
        for count in [1, 2, 10_000] { #expect((0..<count).contains(StableHash.slot(hash, of: count))) }
    }
}
