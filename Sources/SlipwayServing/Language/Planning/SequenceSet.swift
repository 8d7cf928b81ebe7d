// SPDX-License-Identifier: Apache-2.0

package import SlipwayEngine

/// A set of sequence numbers from 0 to 255, in four words.
package struct SequenceSet: Sendable, Hashable {
    /// Sequences a unified cache of llama.cpp can tell apart.
    package static let capacity = 256

    private var words = SIMD4<UInt64>()

    package init() {}

    package var isEmpty: Bool { words == SIMD4() }

    package var count: Int {
        words[0].nonzeroBitCount + words[1].nonzeroBitCount + words[2].nonzeroBitCount + words[3].nonzeroBitCount
    }

    /// The lowest number in it.
    package var first: SequenceID? {
        for word in 0..<4 where words[word] != 0 {
            return SequenceID(word * 64 + words[word].trailingZeroBitCount)
        }
        return nil
    }

    package func contains(_ sequence: SequenceID) -> Bool {
        words[Int(sequence) >> 6] & (1 << UInt64(sequence & 63)) != 0
    }

    package mutating func insert(_ sequence: SequenceID) {
        words[Int(sequence) >> 6] |= 1 << UInt64(sequence & 63)
    }

    package mutating func remove(_ sequence: SequenceID) {
        words[Int(sequence) >> 6] &= ~(1 << UInt64(sequence & 63))
    }

    package func intersection(_ other: SequenceSet) -> SequenceSet {
        var result = self
        result.words &= other.words
        return result
    }

    package func intersects(_ other: SequenceSet) -> Bool { (words & other.words) != SIMD4() }

    /// Calls `body` with each number, lowest first.
    package func forEach(_ body: (SequenceID) -> Void) {
        for word in 0..<4 {
            var rest = words[word]
            while rest != 0 {
                body(SequenceID(word * 64 + rest.trailingZeroBitCount))
                rest &= rest - 1
            }
        }
    }
}
