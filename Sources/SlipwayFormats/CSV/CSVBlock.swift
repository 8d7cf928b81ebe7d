// SPDX-License-Identifier: Apache-2.0

/// Some records of a CSV file, unquoted, one field after the other.
public struct CSVBlock: Sendable {
    /// The records' fields without quotes and commas.
    private(set) var bytes: [UInt8] = []
    /// For each field where it ends in ``bytes``.
    private var fieldEnds: [Int] = []
    /// For each record how many fields came before it ends.
    private var recordEnds: [Int] = []
    private var lines: [Int] = []
    private var damages: [Int: String] = [:]

    public init() {}

    /// The number of records.
    public var count: Int { recordEnds.count }
    public var byteCount: Int { bytes.count }

    /// The number of fields of a record.
    public func width(of record: Int) -> Int { recordEnds[record] - firstField(of: record) }

    /// The line on which a record begins, counted from 1.
    public func line(of record: Int) -> Int { lines[record] }

    /// Why a record is no sound CSV, `nil` where it is.
    public func damage(of record: Int) -> String? { damages[record] }

    /// Calls `body` with the bytes of a field, valid during the call.
    ///
    /// - Precondition: The record has the field.
    @inline(__always)
    public func withField<R, E: Error>(
        _ record: Int, _ column: Int, _ body: (UnsafeBufferPointer<UInt8>) throws(E) -> R
    ) throws(E) -> R {
        precondition(column >= 0 && column < width(of: record), "no such field")
        let field = firstField(of: record) + column
        let start = field == 0 ? 0 : fieldEnds[field - 1]
        let end = fieldEnds[field]
        return try bytes.withUnsafeBufferPointer { (all) throws(E) in
            try body(UnsafeBufferPointer(rebasing: all[start..<end]))
        }
    }

    /// A field as text, invalid UTF-8 repaired.
    public func text(_ record: Int, _ column: Int) -> String {
        withField(record, column) { String(decoding: $0, as: UTF8.self) }
    }

    /// All fields of a record as text.
    public func texts(of record: Int) -> [String] { (0..<width(of: record)).map { text(record, $0) } }

    @inline(__always)
    private func firstField(of record: Int) -> Int { record == 0 ? 0 : recordEnds[record - 1] }

    // MARK: - Building

    @inline(__always)
    mutating func append(_ run: UnsafeBufferPointer<UInt8>) { bytes.append(contentsOf: run) }

    mutating func append(_ byte: UInt8) { bytes.append(byte) }

    mutating func endField() { fieldEnds.append(bytes.count) }

    mutating func endRecord(line: Int, damage: String?) {
        if let damage { damages[recordEnds.count] = damage }
        recordEnds.append(fieldEnds.count)
        lines.append(line)
    }
}
