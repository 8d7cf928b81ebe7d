// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Reads comma-separated values (RFC 4180) from front to back, a block of records at a time.
///
/// Fields may be quoted; a doubled quote stands for one. Lines end with LF or CRLF; the last may lack its end.
/// Empty lines and a byte order mark are left out. Memory is bounded by what one block is asked to hold, and by the
/// limit of a row, against which each field counts as eight bytes more than it has.
public struct CSVStream {
    /// Where the next record begins.
    public private(set) var position: TextPosition
    private let bytes: ForwardBytes
    private let limits: TextLimits

    /// - Parameter position: A position that an earlier stream of the same source gave.
    public init(_ source: any ByteSource, from position: TextPosition = TextPosition(), limits: TextLimits = .init()) {
        self.position = position
        self.limits = limits
        bytes = ForwardBytes(source, from: position.offset)
    }

    /// The next records: `count`, or fewer once they hold `byteCount` bytes, or with their fields' places as much as
    /// one row may, or the source ends.
    ///
    /// - Returns: A block without records at the end of the source.
    /// - Throws: ``FormatError`` `malformed` for a quote that is never closed, `limitExceeded`, at the line.
    public mutating func read(_ count: Int, byteCount: Int = .max) throws(FormatError) -> CSVBlock {
        var record = Record(block: CSVBlock(), isKept: true)
        while record.block.count < count, record.block.byteCount < byteCount, record.total < limits.rowByteCount,
            try take(&record)
        {}
        return record.block
    }

    /// Passes over records.
    ///
    /// - Returns: How many there were, at most `count`.
    /// - Throws: ``FormatError`` as ``read(_:byteCount:)`` does.
    public mutating func skip(_ count: Int) throws(FormatError) -> Int {
        var record = Record(block: CSVBlock(), isKept: false)
        var done = 0
        while done < count, try take(&record) { done += 1 }
        return done
    }

    /// The record that is being read.
    private struct Record {
        var block: CSVBlock
        /// Whether its fields are wanted, or only its end.
        let isKept: Bool
        var fieldCount = 0
        var fieldLength = 0
        /// Bytes of the record, and of its fields' places.
        var length = 0
        /// The same of all records of the block.
        var total = 0
        var wasQuoted = false
        var damage: String?

        mutating func begin() {
            (fieldCount, fieldLength, length) = (0, 0, 0)
            (wasQuoted, damage) = (false, nil)
        }

        @inline(__always)
        mutating func append(_ start: UnsafeMutablePointer<UInt8>, _ count: Int) {
            fieldLength += count
            length += count
            if isKept { block.append(UnsafeBufferPointer(start: start, count: count)) }
        }

        mutating func append(_ byte: UInt8) {
            fieldLength += 1
            length += 1
            if isKept { block.append(byte) }
        }

        @inline(__always)
        mutating func endField() {
            (fieldLength, wasQuoted) = (0, false)
            fieldCount += 1
            // Where it ends is kept in so many bytes.
            length += 8
            if isKept { block.endField() }
        }

        /// Whether nothing stands on the line.
        var isEmptyLine: Bool { fieldCount == 0 && fieldLength == 0 && !wasQuoted && damage == nil }
    }

    /// Reads one record; `false` when the source ends before one begins.
    private mutating func take(_ record: inout Record) throws(FormatError) -> Bool {
        try bytes.skipByteOrderMark()
        var line = position.line
        while true {
            let first = line
            record.begin()
            let hasEnd = try fields(&record, &line)
            position = TextPosition(offset: bytes.offset, line: line)
            if record.isEmptyLine {
                if hasEnd { continue }
                return false
            }
            record.endField()
            record.total += record.length
            if record.isKept { record.block.endRecord(line: first, damage: record.damage) }
            return true
        }
    }

    /// Reads to the end of a line that is outside quotes; `false` when the source ended first.
    private func fields(_ record: inout Record, _ line: inout Int) throws(FormatError) -> Bool {
        let first = line
        while try bytes.fill() {
            let window = bytes.window
            let start = bytes.cursor
            let count = bytes.count
            var index = start
            while index < count, !Self.isSpecial(window[index]) { index += 1 }
            if index > start {
                noteRun(&record)
                record.append(window + start, index - start)
                try checkLength(record, first)
                bytes.cursor = index
                if index == count { continue }
            }
            let byte = window[index]
            bytes.cursor = index + 1
            switch byte {
            case UInt8(ascii: ","):
                record.endField()
                try checkLength(record, first)
            case UInt8(ascii: "\n"):
                line += 1
                return true
            case UInt8(ascii: "\"") where record.fieldLength == 0 && !record.wasQuoted:
                try quoted(&record, &line)
            case UInt8(ascii: "\r"):
                if try bytes.peek() == UInt8(ascii: "\n") { continue }
                fallthrough
            default:
                noteRun(&record)
                record.append(byte)
                try checkLength(record, first)
            }
        }
        return false
    }

    /// Reads the rest of a quoted field.
    private func quoted(_ record: inout Record, _ line: inout Int) throws(FormatError) {
        record.wasQuoted = true
        let first = line
        while try bytes.fill() {
            let start = bytes.window + bytes.cursor
            let rest = bytes.count - bytes.cursor
            let quote = memchr(start, 34, rest).map { $0.assumingMemoryBound(to: UInt8.self) - start }
            let count = quote ?? rest
            for index in 0..<count where start[index] == UInt8(ascii: "\n") { line += 1 }
            record.append(start, count)
            try checkLength(record, first)
            bytes.cursor += count
            guard quote != nil else { continue }
            // The quote itself: the field's end, or the first of two.
            bytes.cursor += 1
            guard try bytes.peek() == UInt8(ascii: "\"") else { return }
            record.append(bytes.window + bytes.cursor, 1)
            bytes.cursor += 1
        }
        throw FormatError(.malformed, "a quote is never closed", at: "line \(first)")
    }

    /// Marks a record in which something follows a closing quote.
    @inline(__always)
    private func noteRun(_ record: inout Record) {
        if record.wasQuoted, record.damage == nil {
            record.damage = "a quoted field goes on after its closing quote"
        }
    }

    @inline(__always)
    private func checkLength(_ record: Record, _ line: Int) throws(FormatError) {
        guard record.length > limits.rowByteCount else { return }
        throw FormatError(
            .limitExceeded,
            "a record has more than \(limits.rowByteCount) bytes: is a quote before it never closed?",
            at: "line \(line)")
    }

    @inline(__always)
    private static func isSpecial(_ byte: UInt8) -> Bool {
        byte <= UInt8(ascii: ",")
            && (byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\"")
                || byte == UInt8(ascii: "\r"))
    }
}
