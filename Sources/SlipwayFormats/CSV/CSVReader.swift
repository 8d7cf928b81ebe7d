// SPDX-License-Identifier: Apache-2.0

/// Reads comma-separated values (RFC 4180) that lie in memory as a whole.
public enum CSVReader {
    /// The most cells a table may have: bounds memory whatever the text is.
    public static let maximumCells = 50_000_000

    /// The records of a text, each with as many fields as the first; see ``CSVStream`` for what is read.
    ///
    /// - Throws: ``FormatError`` `malformed` with the line, `limitExceeded`.
    public static func read(_ text: String) throws(FormatError) -> [[String]] {
        let source = MemorySource(Array(text.utf8))
        var stream = CSVStream(source)
        var records: [[String]] = []
        var cells = 0
        while true {
            let block = try stream.read(4096, byteCount: 1 << 20)
            guard block.count > 0 else { return records }
            for index in 0..<block.count {
                let width = block.width(of: index)
                let place = "line \(block.line(of: index))"
                if let damage = block.damage(of: index) { throw FormatError(.malformed, damage, at: place) }
                if let first = records.first, first.count != width {
                    throw FormatError(
                        .malformed, "expected \(first.count) fields as in the first line, got \(width)", at: place)
                }
                cells += width
                guard cells <= maximumCells else {
                    throw FormatError(.limitExceeded, "the table has more than \(maximumCells) cells")
                }
                records.append(block.texts(of: index))
            }
        }
    }
}
