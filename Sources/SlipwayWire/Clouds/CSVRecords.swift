// SPDX-License-Identifier: Apache-2.0

/// One line of fields, unquoted.
struct CSVRecord {
    fileprivate(set) var bytes: [UInt8] = []
    /// Where each field lies in ``bytes``.
    fileprivate(set) var fields: [Range<Int>] = []
    fileprivate(set) var line = 0

    func withField<R>(_ index: Int, _ body: (UnsafeRawBufferPointer) -> R) -> R {
        bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[fields[index]])) }
    }

    func text(_ index: Int) -> String { withField(index) { String(decoding: $0, as: UTF8.self) } }

    var texts: [String] { fields.indices.map(text) }
}

/// Reads records one by one; each must have as many fields as the first.
///
/// Fields may be quoted, a doubled quote stands for one. Lines end with LF or CRLF; empty ones are left out.
struct CSVRecords {
    /// A field takes far more memory than the comma that begins it.
    private static let maximumFieldCount = 1 << 20

    private let body: UnsafeRawBufferPointer
    private var position = 0
    private var line = 1
    private var width: Int?
    private var record = CSVRecord()

    init(_ body: UnsafeRawBufferPointer) {
        self.body = body
        // What Excel puts before UTF-8.
        if body.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    }

    /// - Throws: ``WireError`` naming the line, also when it has too many fields; nothing can be read after that.
    mutating func next() throws(WireError) -> CSVRecord? {
        while position < body.count {
            record.bytes.removeAll(keepingCapacity: true)
            record.fields.removeAll(keepingCapacity: true)
            record.line = line
            let start = position
            while try !field() {
                guard record.fields.count < Self.maximumFieldCount else {
                    throw WireError(
                        .invalidRequest,
                        "expected at most \(Self.maximumFieldCount) fields in a line, got more: send larger rows in "
                            + "another format",
                        at: "line \(record.line)")
                }
            }
            let isEmptyLine = record.fields.count == 1 && record.bytes.isEmpty && body[start] != .quote
            guard !isEmptyLine else { continue }
            if let width, width != record.fields.count {
                throw WireError(
                    .invalidRequest, "expected \(width) fields as in the first line, got \(record.fields.count)",
                    at: "line \(record.line)")
            }
            width = record.fields.count
            return record
        }
        return nil
    }

    /// Reads one field; returns whether it was its line's last.
    private mutating func field() throws(WireError) -> Bool {
        let start = record.bytes.count
        defer { record.fields.append(start..<record.bytes.count) }
        if position < body.count, body[position] == .quote {
            position += 1
            try quoted()
        } else {
            while position < body.count, body[position] != .comma, body[position] != 0x0A {
                record.bytes.append(body[position])
                position += 1
            }
            let endsLine = position >= body.count || body[position] == 0x0A
            if endsLine, record.bytes.count > start, record.bytes.last == 0x0D { record.bytes.removeLast() }
        }
        if position < body.count, body[position] == 0x0D { position += 1 }
        guard position < body.count else { return true }
        let byte = body[position]
        position += 1
        if byte == .comma { return false }
        guard byte == 0x0A else {
            throw WireError(.invalidRequest, "a quoted field goes on after its closing quote", at: "line \(line)")
        }
        line += 1
        return true
    }

    private mutating func quoted() throws(WireError) {
        while position < body.count {
            let byte = body[position]
            position += 1
            if byte == .quote {
                guard position < body.count, body[position] == .quote else { return }
                position += 1
            } else if byte == 0x0A {
                line += 1
            }
            record.bytes.append(byte)
        }
        throw WireError(.invalidRequest, "a quote is never closed", at: "line \(record.line)")
    }
}
