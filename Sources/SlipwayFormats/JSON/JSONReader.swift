// SPDX-License-Identifier: Apache-2.0

/// Reads JSON (RFC 8259) in bounded memory and depth.
///
/// `NaN`, `Infinity` and `-Infinity` are numbers, for Python and XGBoost write them.
public enum JSONReader {
    /// The one value of a source.
    ///
    /// - Throws: ``FormatError`` `malformed`, `truncated` or `limitExceeded` with the offset.
    public static func read(
        _ source: any ByteSource, limits: StructuredLimits = StructuredLimits()
    ) throws(FormatError) -> StructuredValue {
        var parser = JSONParser(source, limits: limits)
        return try parser.document()
    }

    /// The one value of a text.
    public static func read(
        _ text: String, limits: StructuredLimits = StructuredLimits()
    ) throws(FormatError) -> StructuredValue {
        try read(MemorySource(Array(text.utf8)), limits: limits)
    }
}

struct JSONParser {
    let bytes: ForwardBytes
    var budget: StructuredBudget
    var digits = DecimalDigits()

    init(_ source: any ByteSource, limits: StructuredLimits) {
        bytes = ForwardBytes(source, from: 0)
        budget = StructuredBudget(limits)
    }

    mutating func document() throws(FormatError) -> StructuredValue {
        if try bytes.peek() == 0xEF {
            for expected: UInt8 in [0xEF, 0xBB, 0xBF] { try expect(expected) }
        }
        let value = try value(depth: 1)
        guard try nextToken() == nil else { throw malformed("there is more after the value") }
        return value
    }

    /// The first byte that is not white space; it is not taken.
    private func nextToken() throws(FormatError) -> UInt8? {
        while let byte = try bytes.peek() {
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return byte }
            bytes.cursor += 1
        }
        return nil
    }

    private mutating func value(depth: Int) throws(FormatError) -> StructuredValue {
        guard let first = try nextToken() else { throw ended() }
        switch first {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "I"), UInt8(ascii: "N"):
            return try number()
        default: return try word()
        }
    }

    private mutating func object(depth: Int) throws(FormatError) -> StructuredValue {
        try budget.checkDepth(depth, at: bytes.offset)
        bytes.cursor += 1
        var members = StructuredMembers()
        if try nextToken() == UInt8(ascii: "}") {
            bytes.cursor += 1
            return .object([])
        }
        while true {
            let start = bytes.offset
            guard try nextToken() == UInt8(ascii: "\"") else { throw malformed("a name in quotes should stand here") }
            let name = try string()
            guard try nextToken() == UInt8(ascii: ":") else { throw malformed("a colon should stand here") }
            bytes.cursor += 1
            try budget.takeValue(at: start)
            try members.append(name, try value(depth: depth + 1), at: start)
            guard try !endsAfterElement(UInt8(ascii: "}")) else { return .object(members.members) }
        }
    }

    private mutating func array(depth: Int) throws(FormatError) -> StructuredValue {
        try budget.checkDepth(depth, at: bytes.offset)
        bytes.cursor += 1
        var elements = StructuredElements()
        if try nextToken() == UInt8(ascii: "]") {
            bytes.cursor += 1
            return .array([])
        }
        while true {
            let start = bytes.offset
            try elements.append(try value(depth: depth + 1), &budget, at: start)
            guard try !endsAfterElement(UInt8(ascii: "]")) else { return elements.value }
        }
    }

    /// Takes the comma or the closing bracket after an element.
    private func endsAfterElement(_ closing: UInt8) throws(FormatError) -> Bool {
        guard let next = try nextToken() else { throw ended() }
        guard next == closing || next == UInt8(ascii: ",") else {
            throw malformed("a comma or '\(Character(Unicode.Scalar(closing)))' should stand here")
        }
        bytes.cursor += 1
        return next == closing
    }

    private func word() throws(FormatError) -> StructuredValue {
        for (text, value) in [("true", StructuredValue.bool(true)), ("false", .bool(false)), ("null", .null)] {
            guard try bytes.peek() == text.utf8.first else { continue }
            for byte in text.utf8 { try expect(byte) }
            return value
        }
        throw malformed("a value should stand here")
    }

    func expect(_ byte: UInt8) throws(FormatError) {
        guard let next = try bytes.peek() else { throw ended() }
        guard next == byte else { throw malformed("'\(Character(Unicode.Scalar(byte)))' should stand here") }
        bytes.cursor += 1
    }

    func malformed(_ what: String) -> FormatError {
        FormatError(.malformed, "the JSON is broken: \(what)", at: "offset \(bytes.offset)")
    }

    func ended() -> FormatError {
        FormatError(.truncated, "the JSON ends before its value does", at: "offset \(bytes.offset)")
    }
}
