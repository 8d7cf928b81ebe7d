// SPDX-License-Identifier: Apache-2.0

/// Random numbers that are the same everywhere for the same seed: the SplitMix64 generator of Steele, Lea and Flood
/// (2014). Not for secrets.
package struct SplitMix64: RandomNumberGenerator, Sendable, Hashable, Codable {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed &>> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed &>> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed &>> 31)
    }

    /// Evenly from 0 up to but not including 1, in steps of 2^-53.
    package mutating func unit() -> Double { Double(next() &>> 11) * 0x1p-53 }

    /// Evenly from `0 ..< bound` by the high half of a product; `bound` at least 1.
    package mutating func below(_ bound: Int) -> Int {
        Int(truncatingIfNeeded: next().multipliedFullWidth(by: UInt64(max(bound, 1))).high)
    }
}
