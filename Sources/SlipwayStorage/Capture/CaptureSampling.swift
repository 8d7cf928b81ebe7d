// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// Which requests are captured: drawn by their ids, so that every replica and every restart draws the same ones.
package enum CaptureSampling {
    /// Whether a request belongs to the share of all; each smaller share is part of every larger one.
    package static func isDrawn(_ requestID: String, rate: Share) -> Bool {
        rate.basisPoints > 0 && Int(hash(requestID) % 10_000) < rate.basisPoints
    }

    /// FNV-1a of 64 bits with the final mix of MurmurHash3, without which ids that differ in their last digit only
    /// would fall together.
    static func hash(_ text: String) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        hash = (hash ^ (hash >> 33)) &* 0xFF51_AFD7_ED55_8CCD
        hash = (hash ^ (hash >> 33)) &* 0xC4CE_B9FE_1A85_EC53
        return hash ^ (hash >> 33)
    }
}
