// SPDX-License-Identifier: Apache-2.0

/// Reads comma-separated values (RFC 4180).
public enum CSVReader {
    /// The most cells a table may have: bounds memory whatever the text is.
    public static let maximumCells = 50_000_000

    /// The records of a text, each with as many fields as the first.
    ///
    /// Fields may be quoted; a doubled quote stands for one. Lines end with LF or CRLF; the last may lack its end.
    /// Empty lines are left out.
    ///
    /// - Throws: ``FormatError`` `malformed` with the line, `limitExceeded`.
    public static func read(_ text: String) throws(FormatError) -> [[String]] {
        var records: [[String]] = []
        var record: [String] = []
        var field: [UInt8] = []
        var cells = 0
        var line = 1
        var bytes = text.utf8[...]
        var isQuoted = false
        var wasQuoted = false

        func endField() {
            record.append(String(decoding: field, as: UTF8.self))
            field.removeAll(keepingCapacity: true)
            wasQuoted = false
        }
        func endRecord() throws(FormatError) {
            let isEmptyLine = record.isEmpty && field.isEmpty && !wasQuoted
            if isEmptyLine { return }
            endField()
            if let first = records.first, first.count != record.count {
                throw FormatError(
                    .malformed, "expected \(first.count) fields as in the first line, got \(record.count)",
                    at: "line \(line)")
            }
            cells += record.count
            guard cells <= maximumCells else {
                throw FormatError(.limitExceeded, "the table has more than \(maximumCells) cells")
            }
            records.append(record)
            record = []
        }

        while let byte = bytes.popFirst() {
            if isQuoted {
                if byte == UInt8(ascii: "\"") {
                    if bytes.first == UInt8(ascii: "\"") { field.append(bytes.removeFirst()) } else { isQuoted = false }
                } else {
                    if byte == UInt8(ascii: "\n") { line += 1 }
                    field.append(byte)
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\"") where field.isEmpty && !wasQuoted:
                isQuoted = true
                wasQuoted = true
            case UInt8(ascii: ","): endField()
            case UInt8(ascii: "\r") where bytes.first == UInt8(ascii: "\n"): break
            case UInt8(ascii: "\n"):
                try endRecord()
                line += 1
            default:
                guard !wasQuoted else {
                    throw FormatError(.malformed, "a quoted field goes on after its closing quote", at: "line \(line)")
                }
                field.append(byte)
            }
        }
        guard !isQuoted else { throw FormatError(.malformed, "a quote is never closed", at: "line \(line)") }
        try endRecord()
        return records
    }
}
