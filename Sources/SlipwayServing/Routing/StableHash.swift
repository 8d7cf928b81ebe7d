// SPDX-License-Identifier: Apache-2.0

/// A hash that is the same in every process, on every machine and in every release.
///
/// Callers stay on their version by it, so changing it would shuffle everybody's users. FNV-1a (Fowler, Noll, Vo)
/// takes the bytes in; its high bits mix poorly, so the finaliser of SplitMix64 (Steele, Lea, Flood 2014) follows.
package enum StableHash {
    private static let offset: UInt64 = 0xcbf2_9ce4_8422_2325
    private static let prime: UInt64 = 0x0000_0100_0000_01b3

    /// What the hashes of one name start from, so that those of different names have nothing to do with each other.
    package static func seed(_ name: String) -> UInt64 {
        // No UTF-8 text holds 0xff: name and key cannot be divided in two ways.
        (absorb(name, into: offset) ^ 0xff) &* prime
    }

    package static func of(_ key: String, seed: UInt64) -> UInt64 { mix(absorb(key, into: seed)) }

    /// Spreads every bit of `value` over all bits.
    package static func mix(_ value: UInt64) -> UInt64 {
        var mixed = value
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// One of `count` slots, each as likely as another.
    package static func slot(_ hash: UInt64, of count: Int) -> Int {
        Int(hash.multipliedFullWidth(by: UInt64(count)).high)
    }

    private static func absorb(_ text: String, into state: UInt64) -> UInt64 {
        text.utf8.reduce(state) { ($0 ^ UInt64($1)) &* prime }
    }
}
