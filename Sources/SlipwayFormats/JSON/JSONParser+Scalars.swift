// SPDX-License-Identifier: Apache-2.0

extension JSONParser {
    /// Digits beyond these change no double that anybody writes.
    private static let numberByteCount = 1024

    // MARK: Numbers

    mutating func number() throws(FormatError) -> StructuredValue {
        let isNegative = try bytes.peek() == UInt8(ascii: "-")
        if isNegative { bytes.cursor += 1 }
        switch try bytes.peek() {
        case UInt8(ascii: "I"):
            for byte in "Infinity".utf8 { try expect(byte) }
            return .number(isNegative ? -.infinity : .infinity)
        case UInt8(ascii: "N") where !isNegative:
            for byte in "NaN".utf8 { try expect(byte) }
            return .number(.nan)
        default: break
        }
        digits.start(isNegative: isNegative)
        while let byte = try bytes.peek(), digits.take(byte) {
            bytes.cursor += 1
            guard digits.text.count <= Self.numberByteCount else {
                throw FormatError(
                    .limitExceeded, "a number has more than \(Self.numberByteCount) characters",
                    at: "offset \(bytes.offset)")
            }
        }
        guard let value = digits.value() else { throw malformed("a number should stand here") }
        return value
    }

    // MARK: Strings

    /// A string, its quotes taken too.
    mutating func string() throws(FormatError) -> String {
        bytes.cursor += 1
        let start = bytes.offset
        var text: [UInt8] = []
        while true {
            guard try bytes.fill() else { throw ended() }
            let begin = bytes.cursor
            var end = begin
            while end < bytes.count, bytes.window[end] != UInt8(ascii: "\""), bytes.window[end] != UInt8(ascii: "\\") {
                end += 1
            }
            guard end - begin <= budget.limits.stringByteCount - text.count else {
                throw FormatError(
                    .limitExceeded, "a string has more than \(budget.limits.stringByteCount) bytes",
                    at: "offset \(start)")
            }
            text.append(contentsOf: UnsafeBufferPointer(start: bytes.window + begin, count: end - begin))
            bytes.cursor = end
            guard end < bytes.count else { continue }
            bytes.cursor += 1
            if bytes.window[end] == UInt8(ascii: "\"") { break }
            try appendEscaped(&text)
        }
        guard let result = String(validating: text, as: UTF8.self) else {
            throw FormatError(.malformed, "the JSON is broken: a string is not UTF-8", at: "offset \(start)")
        }
        return result
    }

    private func appendEscaped(_ text: inout [UInt8]) throws(FormatError) {
        guard let kind = try bytes.peek() else { throw ended() }
        bytes.cursor += 1
        switch kind {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(kind)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"): text.append(contentsOf: String(try unicodeScalar()).utf8)
        default: throw malformed("a backslash stands before a character that needs none")
        }
    }

    /// The character of `\uXXXX`, of two where they are a surrogate pair; a lone surrogate is U+FFFD.
    private func unicodeScalar() throws(FormatError) -> Character {
        var unit = try hexadecimal()
        while (0xD800..<0xDC00).contains(unit), try bytes.peek() == UInt8(ascii: "\\") {
            bytes.cursor += 1
            // Another escape may follow a lone surrogate only as \u, which is the way Python writes one.
            try expect(UInt8(ascii: "u"))
            let low = try hexadecimal()
            if (0xDC00..<0xE000).contains(low) {
                let scalar = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00)
                return Character(Unicode.Scalar(scalar) ?? "\u{FFFD}")
            }
            unit = low
        }
        return Character(Unicode.Scalar(unit) ?? "\u{FFFD}")
    }

    private func hexadecimal() throws(FormatError) -> UInt32 {
        var result: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = try bytes.peek() else { throw ended() }
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw malformed("four hexadecimal digits should follow '\\u'")
            }
            bytes.cursor += 1
            result = result << 4 | UInt32(digit)
        }
        return result
    }
}
