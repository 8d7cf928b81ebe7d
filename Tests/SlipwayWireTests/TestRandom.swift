// SPDX-License-Identifier: Apache-2.0

/// Numbers that look random and are the same in every run (D. H. Lehmer's generator, 128-bit state).
struct TestRandom: RandomNumberGenerator {
    private var state: UInt128

    init(state: UInt64) { self.state = UInt128(state) << 1 | 1 }

    mutating func next() -> UInt64 {
        state &*= 0xDA94_2042_E4DD_58B5
        return UInt64(truncatingIfNeeded: state >> 64)
    }
}
