// SPDX-License-Identifier: Apache-2.0

/// A 64-bit hash that is the same in every process, so that sketches of several replicas merge. Not for secrets.
package enum StableHash {
    /// Of the value: 0 and -0 are one, and so are all NaN.
    package static func of(_ x: Double) -> UInt64 {
        mixed((x == 0 ? 0.0 : x == x ? x : .nan).bitPattern)
    }

    /// Of the UTF-8 bytes (FNV-1a, then mixed).
    package static func of(_ text: String) -> UInt64 { of(bytes: text.utf8) }

    package static func of(bytes: some Sequence<UInt8>) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        return mixed(hash)
    }

    /// Joins the hashes of the parts of a row, in their order.
    package static func combined(_ hash: UInt64, _ next: UInt64) -> UInt64 {
        mixed(hash &* 0x9e37_79b9_7f4a_7c15 &+ next)
    }

    /// Every bit of the result depends on every bit of `x` (the finaliser of SplitMix64, a bijection).
    package static func mixed(_ x: UInt64) -> UInt64 {
        var z = x &+ 0x9e37_79b9_7f4a_7c15
        z = (z ^ (z &>> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z &>> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z &>> 31)
    }
}
