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
        var table = CSVTable()
        var bytes = text.utf8[...]
        while let byte = bytes.popFirst() { try table.take(byte, &bytes) }
        return try table.finish()
    }
}

/// The part of a table that was read so far.
private struct CSVTable {
    private var records: [[String]] = []
    private var record: [String] = []
    private var field: [UInt8] = []
    private var cells = 0
    private var line = 1
    private var isQuoted = false
    private var wasQuoted = false

    mutating func take(_ byte: UInt8, _ rest: inout Substring.UTF8View) throws(FormatError) {
        if isQuoted { return takeQuoted(byte, &rest) }
        switch byte {
        case UInt8(ascii: "\"") where field.isEmpty && !wasQuoted:
            isQuoted = true
            wasQuoted = true
        case UInt8(ascii: ","): endField()
        case UInt8(ascii: "\r") where rest.first == UInt8(ascii: "\n"): break
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

    mutating func finish() throws(FormatError) -> [[String]] {
        guard !isQuoted else { throw FormatError(.malformed, "a quote is never closed", at: "line \(line)") }
        try endRecord()
        return records
    }

    private mutating func takeQuoted(_ byte: UInt8, _ rest: inout Substring.UTF8View) {
        guard byte == UInt8(ascii: "\"") else {
            if byte == UInt8(ascii: "\n") { line += 1 }
            return field.append(byte)
        }
        if rest.first == UInt8(ascii: "\"") { field.append(rest.removeFirst()) } else { isQuoted = false }
    }

    private mutating func endField() {
        record.append(String(decoding: field, as: UTF8.self))
        field.removeAll(keepingCapacity: true)
        wasQuoted = false
    }

    private mutating func endRecord() throws(FormatError) {
        let isEmptyLine = record.isEmpty && field.isEmpty && !wasQuoted
        if isEmptyLine { return }
        endField()
        if let first = records.first, first.count != record.count {
            throw FormatError(
                .malformed, "expected \(first.count) fields as in the first line, got \(record.count)",
                at: "line \(line)")
        }
        cells += record.count
        guard cells <= CSVReader.maximumCells else {
            throw FormatError(.limitExceeded, "the table has more than \(CSVReader.maximumCells) cells")
        }
        records.append(record)
        record = []
    }
}
