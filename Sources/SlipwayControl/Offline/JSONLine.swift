// SPDX-License-Identifier: Apache-2.0

/// One line of a JSON lines file, taken apart at its top level only; what it holds is read by the decoder.
struct JSONLine {
    enum Form {
        /// An object's members: names without quotes, and values, as ranges of the text.
        case object([(name: Range<Int>, value: Range<Int>)])
        /// Any other value.
        case value(Range<Int>)
    }

    let form: Form
    private let text: ArraySlice<UInt8>

    /// - Throws: `ControlError` unless the line is exactly one value with its brackets and quotes closed.
    init(_ text: ArraySlice<UInt8>) throws(ControlError) {
        self.text = text
        var cursor = text.startIndex
        Self.skipSpace(text, &cursor)
        let start = cursor
        var members: [(name: Range<Int>, value: Range<Int>)]?
        if cursor < text.endIndex, text[cursor] == UInt8(ascii: "{") {
            members = try Self.members(text, &cursor)
        } else {
            try Self.skipValue(text, &cursor)
        }
        let end = cursor
        Self.skipSpace(text, &cursor)
        guard cursor == text.endIndex, end > start else { throw Self.malformed }
        form = members.map { .object($0) } ?? .value(start..<end)
    }

    /// The rows of `{"data":[row]}` and `{"instances":[row]}` without the list's brackets; `nil` for other lines.
    func wrappedRows(besides inputs: [String]) -> Range<Int>? {
        guard case .object(let members) = form else { return nil }
        for key in ["instances", "data"] where !inputs.contains(key) {
            guard let member = members.first(where: { text[$0.name].elementsEqual(key.utf8) }),
                text[member.value.lowerBound] == UInt8(ascii: "[")
            else { continue }
            return (member.value.lowerBound + 1)..<(member.value.upperBound - 1)
        }
        return nil
    }

    private static var malformed: ControlError {
        ControlError(.invalidRequest, "the line is not one JSON value: write one object or list of values a line")
    }

    private static func members(
        _ text: ArraySlice<UInt8>, _ cursor: inout Int
    ) throws(ControlError) -> [(name: Range<Int>, value: Range<Int>)] {
        var members: [(name: Range<Int>, value: Range<Int>)] = []
        cursor += 1
        skipSpace(text, &cursor)
        if cursor < text.endIndex, text[cursor] == UInt8(ascii: "}") {
            cursor += 1
            return []
        }
        while true {
            skipSpace(text, &cursor)
            let name = cursor
            guard cursor < text.endIndex, text[cursor] == UInt8(ascii: "\"") else { throw malformed }
            try skipValue(text, &cursor)
            let nameEnd = cursor
            skipSpace(text, &cursor)
            guard cursor < text.endIndex, text[cursor] == UInt8(ascii: ":") else { throw malformed }
            cursor += 1
            skipSpace(text, &cursor)
            let value = cursor
            try skipValue(text, &cursor)
            members.append((name + 1..<nameEnd - 1, value..<cursor))
            skipSpace(text, &cursor)
            guard cursor < text.endIndex else { throw malformed }
            let next = text[cursor]
            cursor += 1
            if next == UInt8(ascii: "}") { return members }
            guard next == UInt8(ascii: ",") else { throw malformed }
        }
    }

    /// Passes over one value: its brackets are counted, not matched, for the decoder looks again.
    private static func skipValue(_ text: ArraySlice<UInt8>, _ cursor: inout Int) throws(ControlError) {
        let start = cursor
        var depth = 0
        while cursor < text.endIndex {
            switch text[cursor] {
            case UInt8(ascii: "\""): try skipString(text, &cursor)
            case UInt8(ascii: "["), UInt8(ascii: "{"):
                depth += 1
                cursor += 1
            case UInt8(ascii: "]"), UInt8(ascii: "}"):
                guard depth > 0 else { return try checkNotEmpty(start, cursor) }
                depth -= 1
                cursor += 1
            case UInt8(ascii: ","), UInt8(ascii: ":"):
                if depth == 0 { return try checkNotEmpty(start, cursor) }
                cursor += 1
                continue
            case 0x20, 0x09, 0x0A, 0x0D:
                if depth == 0 { return try checkNotEmpty(start, cursor) }
                cursor += 1
                continue
            default:
                cursor += 1
                continue
            }
            if depth == 0 { return }
        }
        guard depth == 0 else { throw malformed }
        try checkNotEmpty(start, cursor)
    }

    private static func checkNotEmpty(_ start: Int, _ end: Int) throws(ControlError) {
        guard end > start else { throw malformed }
    }

    private static func skipString(_ text: ArraySlice<UInt8>, _ cursor: inout Int) throws(ControlError) {
        cursor += 1
        while cursor < text.endIndex {
            let byte = text[cursor]
            cursor += byte == UInt8(ascii: "\\") ? 2 : 1
            if byte == UInt8(ascii: "\"") { return }
        }
        throw malformed
    }

    static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D }

    private static func skipSpace(_ text: ArraySlice<UInt8>, _ cursor: inout Int) {
        while cursor < text.endIndex, isSpace(text[cursor]) { cursor += 1 }
    }
}
