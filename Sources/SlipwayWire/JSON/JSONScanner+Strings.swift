// SPDX-License-Identifier: Apache-2.0

/// Where a string's characters lie in the document, without its quotes.
struct JSONStringToken {
    let content: UnsafeRawBufferPointer
    let hasEscapes: Bool
}

extension JSONScanner {
    /// The next string, unescaped.
    mutating func string() throws(WireError) -> String {
        let token = try stringToken()
        guard token.hasEscapes else { return String(decoding: token.content, as: UTF8.self) }
        var bytes: [UInt8] = []
        Self.unescape(token, into: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Finds the end of the next string and checks its UTF-8, its escapes and its surrogate pairs.
    mutating func stringToken() throws(WireError) -> JSONStringToken {
        guard peek() == .quote else { throw malformed("a string") }
        cursor += 1
        let first = cursor
        var hasEscapes = false
        while true {
            skipPlainText()
            guard cursor < end else { throw malformed("'\"' at the end of the string") }
            switch cursor.pointee {
            case .quote:
                let token = JSONStringToken(
                    content: UnsafeRawBufferPointer(start: first, count: cursor - first), hasEscapes: hasEscapes)
                cursor += 1
                return token
            case .backslash:
                hasEscapes = true
                try checkEscape()
            case 0x80...:
                let length = UTF8Sequence.length(at: cursor, end: end)
                guard length > 0 else {
                    throw WireError(.malformedJSON, "the string is not valid UTF-8", at: "byte \(offset)")
                }
                cursor += length
            case ..<0x20:
                throw WireError(
                    .malformedJSON, "a control character inside a string must be escaped", at: "byte \(offset)")
            default:
                cursor += 1
            }
        }
    }

    /// Passes over ASCII that needs no attention, eight bytes at a time.
    @inline(__always)
    private mutating func skipPlainText() {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highs: UInt64 = 0x8080_8080_8080_8080
        while end - cursor >= 8 {
            let word = UnsafeRawPointer(cursor).loadUnaligned(as: UInt64.self).littleEndian
            let quotes = word ^ (ones &* 0x22)
            let slashes = word ^ (ones &* 0x5C)
            // A byte's high bit is set where the byte is below 0x20, is '"', is '\' or is not ASCII.
            let controls = (word &- (ones &* 0x20)) & ~word
            let special = controls | ((quotes &- ones) & ~quotes) | ((slashes &- ones) & ~slashes) | word
            let found = special & highs
            guard found == 0 else {
                cursor += found.trailingZeroBitCount >> 3
                return
            }
            cursor += 8
        }
    }

    private mutating func checkEscape() throws(WireError) {
        guard remaining >= 2 else { throw malformed("an escape") }
        switch cursor[1] {
        case .quote, .backslash, UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"), UInt8(ascii: "n"),
            UInt8(ascii: "r"), UInt8(ascii: "t"):
            cursor += 2
        case UInt8(ascii: "u"):
            guard let unit = hexUnit(at: 2) else { throw malformed("four hexadecimal digits after '\\u'") }
            if unit & 0xFC00 == 0xD800 {
                guard remaining >= 8, cursor[6] == .backslash, cursor[7] == UInt8(ascii: "u"),
                    let low = hexUnit(at: 8), low & 0xFC00 == 0xDC00
                else { throw malformed("the second half of a surrogate pair") }
                cursor += 12
            } else {
                guard unit & 0xFC00 != 0xDC00 else { throw malformed("the first half of a surrogate pair") }
                cursor += 6
            }
        default:
            throw malformed("a known escape such as '\\n'")
        }
    }

    private func hexUnit(at distance: Int) -> UInt16? {
        guard remaining >= distance + 4 else { return nil }
        return Self.hexUnit(UnsafeRawBufferPointer(start: cursor + distance, count: 4), 0)
    }

    private static func hexUnit(_ bytes: UnsafeRawBufferPointer, _ index: Int) -> UInt16? {
        var unit: UInt16 = 0
        for byte in bytes[index..<(index + 4)] {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): unit = unit << 4 | UInt16(byte - 48)
            case UInt8(ascii: "a")...UInt8(ascii: "f"): unit = unit << 4 | UInt16(byte - 87)
            case UInt8(ascii: "A")...UInt8(ascii: "F"): unit = unit << 4 | UInt16(byte - 55)
            default: return nil
            }
        }
        return unit
    }

    /// Appends the characters a checked token stands for, in UTF-8.
    static func unescape(_ token: JSONStringToken, into bytes: inout [UInt8]) {
        let content = token.content
        guard token.hasEscapes else {
            bytes.append(contentsOf: content)
            return
        }
        var index = 0
        while index < content.count {
            guard content[index] == .backslash else {
                bytes.append(content[index])
                index += 1
                continue
            }
            let kind = content[index + 1]
            guard kind == UInt8(ascii: "u") else {
                bytes.append(simpleEscape(kind))
                index += 2
                continue
            }
            var scalar = UInt32(hexUnit(content, index + 2) ?? 0xFFFD)
            index += 6
            if scalar & 0xFC00 == 0xD800 {
                let low = UInt32(hexUnit(content, index + 2) ?? 0xDC00)
                scalar = 0x10000 + (scalar & 0x3FF) << 10 + low & 0x3FF
                index += 6
            }
            let character = Unicode.Scalar(scalar) ?? "\u{FFFD}"
            bytes.append(contentsOf: UTF8.encode(character) ?? UTF8.encodedReplacementCharacter)
        }
    }

    private static func simpleEscape(_ kind: UInt8) -> UInt8 {
        switch kind {
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        default: kind
        }
    }
}
