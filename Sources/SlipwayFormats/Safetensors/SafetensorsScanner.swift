// SPDX-License-Identifier: Apache-2.0

/// The tokens of a header's JSON, read through a window.
struct SafetensorsScanner {
    private let bytes: ForwardBytes
    private let textLimit: Int

    init(_ source: any ByteSource, textLimit: Int) {
        bytes = ForwardBytes(source, from: 0)
        self.textLimit = textLimit
    }

    // MARK: Structure

    /// Passes a `{`; `false` when the object is empty, which is passed too.
    mutating func openObject() throws(FormatError) -> Bool {
        try expect("{")
        return try !take("}")
    }

    /// Passes a `,` or the object's end; `false` at the end.
    mutating func nextMember() throws(FormatError) -> Bool {
        if try take("}") { return false }
        try expect(",")
        return true
    }

    /// A member's name and the `:` after it.
    mutating func key() throws(FormatError) -> String {
        let name = try text()
        try expect(":")
        return name
    }

    /// A list of whole numbers from 0 on.
    mutating func numbers(atMost limit: Int) throws(FormatError) -> [Int] {
        try expect("[")
        var numbers: [Int] = []
        if try take("]") { return numbers }
        repeat {
            guard numbers.count < limit else {
                throw FormatError(.limitExceeded, "a list has more than \(limit) numbers", at: place)
            }
            numbers.append(try number())
        } while try take(",")
        try expect("]")
        return numbers
    }

    /// Only blanks may follow the header's object: the format pads it with them.
    mutating func end() throws(FormatError) {
        try skipBlanks()
        guard try bytes.peek() == nil else { throw malformed("the end of the header") }
    }

    private mutating func number() throws(FormatError) -> Int {
        try skipBlanks()
        var value = 0
        var digits = 0
        while let byte = try bytes.peek(), (0x30...0x39).contains(byte) {
            guard digits == 0 || value > 0 else { throw malformed("a number without a zero before it") }
            let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, isOver) = tens.addingReportingOverflow(Int(byte) - 0x30)
            guard !overflow, !isOver else { throw malformed("a number of 63 bits at most") }
            value = sum
            digits += 1
            bytes.cursor += 1
        }
        guard digits > 0 else { throw malformed("a whole number from 0 on") }
        return value
    }

    private mutating func skipBlanks() throws(FormatError) {
        while let byte = try bytes.peek(), byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
            bytes.cursor += 1
        }
    }

    private mutating func take(_ character: Unicode.Scalar) throws(FormatError) -> Bool {
        try skipBlanks()
        guard try bytes.peek() == UInt8(ascii: character) else { return false }
        bytes.cursor += 1
        return true
    }

    private mutating func expect(_ character: Unicode.Scalar) throws(FormatError) {
        guard try take(character) else { throw malformed("'\(character)'") }
    }

    // MARK: Texts

    mutating func text() throws(FormatError) -> String {
        try expect("\"")
        var content: [UInt8] = []
        while let byte = try bytes.peek() {
            bytes.cursor += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let text = String(validating: content, as: UTF8.self) else { throw malformed("a text in UTF-8") }
                return text
            case UInt8(ascii: "\\"): try escape(into: &content)
            case 0..<0x20: throw malformed("no control character in a text")
            default: content.append(byte)
            }
            guard content.count <= textLimit else {
                throw FormatError(.limitExceeded, "a text has more than \(textLimit) bytes", at: place)
            }
        }
        throw malformed("the end of a text")
    }

    private mutating func escape(into content: inout [UInt8]) throws(FormatError) {
        guard let kind = try bytes.peek() else { throw malformed("the rest of an escape") }
        bytes.cursor += 1
        switch kind {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(kind)
        case UInt8(ascii: "b"): content.append(8)
        case UInt8(ascii: "f"): content.append(12)
        case UInt8(ascii: "n"): content.append(10)
        case UInt8(ascii: "r"): content.append(13)
        case UInt8(ascii: "t"): content.append(9)
        case UInt8(ascii: "u"):
            var code = UInt32(try unit())
            if (0xD800..<0xDC00).contains(code) {
                let low = try lowSurrogate()
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw malformed("both halves of a character") }
            content.append(contentsOf: String(scalar).utf8)
        default: throw malformed("an escape that JSON has")
        }
    }

    private mutating func lowSurrogate() throws(FormatError) -> UInt32 {
        for expected in "\\u".utf8 {
            guard try bytes.peek() == expected else { throw malformed("both halves of a character") }
            bytes.cursor += 1
        }
        let low = UInt32(try unit())
        guard (0xDC00..<0xE000).contains(low) else { throw malformed("both halves of a character") }
        return low
    }

    private mutating func unit() throws(FormatError) -> UInt16 {
        var value: UInt16 = 0
        for _ in 0..<4 {
            guard let byte = try bytes.peek(), let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw malformed("four hexadecimal digits")
            }
            value = value << 4 | UInt16(digit)
            bytes.cursor += 1
        }
        return value
    }

    private var place: String { "header offset \(bytes.offset)" }

    private func malformed(_ expected: String) -> FormatError {
        FormatError(.malformed, "the header is no sound JSON: expected \(expected)", at: place)
    }
}
