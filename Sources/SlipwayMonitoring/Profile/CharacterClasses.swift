// SPDX-License-Identifier: Apache-2.0

/// Characters of text counted by class: letters, digits, spaces, punctuation, other.
///
/// Classes are those of ASCII; each character beyond it is one of `other`. Only the first ``maximumBytes`` of a text
/// are looked at.
package struct CharacterClasses: Sendable, Hashable {
    package static let names = ["letters", "digits", "spaces", "punctuation", "other"]
    package static let maximumBytes = 1024

    package var counts: [UInt64] = [0, 0, 0, 0, 0]

    package init() {}

    package mutating func add(_ text: UnsafeRawBufferPointer) {
        var added: (UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0)
        for byte in text.prefix(Self.maximumBytes) {
            switch byte {
            case 0x41...0x5A, 0x61...0x7A: added.0 += 1
            case 0x30...0x39: added.1 += 1
            case 0x20, 0x09...0x0D: added.2 += 1
            case 0x21...0x7E: added.3 += 1
            // The later bytes of a character: it was counted by its first.
            case 0x80...0xBF: break
            default: added.4 += 1
            }
        }
        counts[0] &+= added.0
        counts[1] &+= added.1
        counts[2] &+= added.2
        counts[3] &+= added.3
        counts[4] &+= added.4
    }

    package mutating func merge(_ other: CharacterClasses) {
        for index in counts.indices { counts[index] &+= other.counts[index] }
    }

    /// All 0 without a character.
    package var shares: [Double] {
        let total = Double(counts.reduce(0, &+))
        return counts.map { total > 0 ? Double($0) / total : 0 }
    }
}
