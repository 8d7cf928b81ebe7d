// SPDX-License-Identifier: Apache-2.0

/// The part of a data set that one of several processes scores.
///
/// Blocks of ``blockRows`` rows go round the shards in turn, so that no shard needs to know of the others, nor how
/// many rows there are.
package struct Shard: Sendable, Hashable, CustomStringConvertible {
    /// Rows of a block. Results depend on it: another number would split data sets differently.
    package static let blockRows = 1024

    /// From 1 to ``count``.
    package let number: Int
    package let count: Int

    /// All of a data set.
    package static let whole = Shard(number: 1, count: 1)

    private init(number: Int, count: Int) {
        self.number = number
        self.count = count
    }

    /// Reads `3/16`: the third of sixteen.
    ///
    /// - Throws: `ControlError` for anything else.
    package init(parsing text: String) throws(ControlError) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count == 2, let number = parts[0], let count = parts[1], (1...100_000).contains(count),
            (1...count).contains(number)
        else {
            throw ControlError(
                .invalidRequest, "expected a shard such as 3/16, from 1/16 to 16/16, got '\(text.prefix(40))'")
        }
        self.init(number: number, count: count)
    }

    package var description: String { "\(number)/\(count)" }

    /// What to do with the rows from one on.
    package enum Step: Sendable, Hashable {
        /// At most so many of them are this shard's.
        case read(Int)
        /// So many are others'.
        case skip(Int)
    }

    package func step(at row: Int) -> Step {
        guard count > 1 else { return .read(.max) }
        let block = row / Self.blockRows
        let turn = block % count
        let rest = Self.blockRows - row % Self.blockRows
        if turn == number - 1 { return .read(rest) }
        let blocksBetween = (number - 1 - turn + count) % count - 1
        return .skip(rest + blocksBetween * Self.blockRows)
    }
}
