// SPDX-License-Identifier: Apache-2.0

/// A small random generator with a seed, the same everywhere (Steele, Lea and Flood 2014). Not for secrets.
package struct SplitMix64: RandomNumberGenerator, Sendable, Hashable, Codable {
    package private(set) var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        defer { state &+= 0x9e37_79b9_7f4a_7c15 }
        return StableHash.mixed(state)
    }

    /// Evenly from 0 up to but not including 1, in steps of 2^-53.
    package mutating func unit() -> Double { Double(next() &>> 11) * 0x1p-53 }

    /// Evenly from `0 ..< bound` by the high half of a product; `bound` at least 1.
    package mutating func below(_ bound: Int) -> Int {
        Int(truncatingIfNeeded: next().multipliedFullWidth(by: UInt64(max(bound, 1))).high)
    }
}
