// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// A hash of texts, the same in every run (FNV-1a, 64 bits).
struct ConversationHash {
    private var state: UInt64 = 0xCBF2_9CE4_8422_2325

    mutating func add(_ bytes: some Sequence<UInt8>) {
        for byte in bytes { state = (state ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    }

    /// Keeps two short messages apart from one long.
    mutating func endMessage() { add([0xFF]) }

    /// 16 hexadecimal digits.
    var text: String { state.hexadecimal }
}
