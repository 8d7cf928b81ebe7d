// SPDX-License-Identifier: Apache-2.0

/// Finds what somebody probably meant.
package enum NearestWord {
    /// The known word with the fewest edits (Levenshtein), if they are no more than a third of its letters.
    package static func find(_ word: String, among known: [String]) -> String? {
        // Longer ones are nowhere near, and the table of edits grows with the product of both lengths.
        guard word.utf8.count <= 256 else { return nil }
        let ranked = known.map { (word: $0, edits: edits(Array(word), Array($0))) }.min { $0.edits < $1.edits }
        return ranked.flatMap { $0.edits * 3 <= $0.word.count ? $0.word : nil }
    }

    /// `, did you mean 'x'?`, or else `, there are [...]`.
    package static func hint(_ word: String, among known: [String]) -> String {
        if let near = find(word, among: known) { return ", did you mean '\(near)'?" }
        return ", there are [\(known.joined(separator: ", "))]"
    }

    private static func edits(_ left: [Character], _ right: [Character]) -> Int {
        var row = Array(0...right.count)
        for (i, a) in left.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, b) in right.enumerated() {
                let replaced = diagonal + (a == b ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(replaced, row[j] + 1, row[j + 1] + 1)
            }
        }
        return row[right.count]
    }
}
