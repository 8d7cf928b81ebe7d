// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayNumerics

/// Remembers about the last 1,024 different rows by their hashes: 8 KB.
struct RecentRows: Sendable {
    private static let places = 1024
    /// Bytes of a row's tensor that are looked at.
    private static let maximumBytes = 4096
    private var hashes = [UInt64](repeating: 0, count: RecentRows.places)

    /// Whether a row was seen lately; remembers it.
    mutating func see(_ hash: UInt64) -> Bool {
        let place = Int(truncatingIfNeeded: hash) & (Self.places - 1)
        // 0 marks a free place.
        let mark = hash == 0 ? 1 : hash
        guard hashes[place] != mark else { return true }
        hashes[place] = mark
        return false
    }

    /// Joins the bytes of a row to its hash, 8 at a time.
    static func joined(_ hash: UInt64, _ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var result = hash
        let count = min(bytes.count, maximumBytes)
        var offset = 0
        while offset &+ 8 <= count {
            let word = bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            result = (result ^ word) &* 0x9e37_79b9_7f4a_7c15
            result ^= result &>> 29
            offset &+= 8
        }
        while offset < count {
            result = (result ^ UInt64(bytes[offset])) &* 0x9e37_79b9_7f4a_7c15
            offset &+= 1
        }
        return StableHash.mixed(result)
    }
}
