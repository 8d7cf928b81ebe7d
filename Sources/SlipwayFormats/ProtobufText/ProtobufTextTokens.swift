// SPDX-License-Identifier: Apache-2.0

/// Cuts protobuf text into names, numbers, texts and signs.
///
/// The rules are those of protobuf.dev's "Text Format Language Specification"; numbers are without their sign.
struct ProtobufTextTokens {
    enum Kind: Equatable {
        case word(String)
        case integer(UInt64)
        case float(Double)
        /// One text in quotes.
        case string([UInt8])
        case sign(UInt8)
        case end
    }

    struct Token {
        let kind: Kind
        /// From 1.
        let line: Int
        let column: Int
    }

    private let bytes: [UInt8]
    private var position = 0
    private var line = 1
    private var lineStart = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        // A byte order mark, as some editors write it.
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    }

    mutating func next() throws(FormatError) -> Token {
        skipBlanks()
        let (startLine, startColumn) = (line, position - lineStart + 1)
        let kind = try kind()
        return Token(kind: kind, line: startLine, column: startColumn)
    }

    /// The rest of `[a.b/c.D]` after its first bracket, with both.
    mutating func extensionName() throws(FormatError) -> String {
        let start = position
        while position < bytes.count, Self.isWordByte(bytes[position]) || "./-".utf8.contains(bytes[position]) {
            position += 1
        }
        guard position > start, position < bytes.count, bytes[position] == UInt8(ascii: "]") else {
            throw malformed("expected the name of an extension and ']'")
        }
        position += 1
        return "[" + String(decoding: bytes[start..<position], as: UTF8.self)
    }

    func malformed(_ message: String) -> FormatError {
        FormatError(.malformed, message, at: "line \(line), column \(position - lineStart + 1)")
    }

    // MARK: Kinds

    private mutating func kind() throws(FormatError) -> Kind {
        guard position < bytes.count else { return .end }
        let byte = bytes[position]
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
            return .string(try text(closedBy: byte))
        case UInt8(ascii: "0")...UInt8(ascii: "9"):
            return try number()
        case UInt8(ascii: ".") where position + 1 < bytes.count && Self.isDigit(bytes[position + 1]):
            return try number()
        case _ where Self.isWordByte(byte):
            let start = position
            while position < bytes.count, Self.isWordByte(bytes[position]) { position += 1 }
            return .word(String(decoding: bytes[start..<position], as: UTF8.self))
        case _ where "{}<>[]:,;-".utf8.contains(byte):
            position += 1
            return .sign(byte)
        case 0x21...0x7E:
            throw malformed("'\(Character(Unicode.Scalar(byte)))' has no meaning here")
        default:
            throw malformed("byte \(byte) has no meaning here")
        }
    }

    private mutating func number() throws(FormatError) -> Kind {
        let start = position
        let isHexadecimal =
            bytes[start] == UInt8(ascii: "0") && start + 1 < bytes.count && bytes[start + 1] | 0x20 == UInt8(ascii: "x")
        while position < bytes.count {
            let byte = bytes[position]
            let isExponentSign =
                !isHexadecimal && position > start && bytes[position - 1] | 0x20 == UInt8(ascii: "e")
                && (byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-"))
            guard Self.isWordByte(byte) || byte == UInt8(ascii: ".") || isExponentSign else { break }
            position += 1
            guard position - start <= 512 else { throw malformed("a number has more than 512 characters") }
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        guard let kind = isHexadecimal ? Self.hexadecimal(text) : Self.decimal(text) else {
            position = start
            throw malformed("'\(text.prefix(40))' is not a number")
        }
        return kind
    }

    private static func hexadecimal(_ text: String) -> Kind? { UInt64(text.dropFirst(2), radix: 16).map(Kind.integer) }

    private static func decimal(_ text: String) -> Kind? {
        if text.utf8.allSatisfy(isDigit) {
            if text.count > 1, text.hasPrefix("0") { return UInt64(text, radix: 8).map(Kind.integer) }
            if let whole = UInt64(text) { return .integer(whole) }
        }
        let digits = text.last == "f" || text.last == "F" ? text.dropLast() : text[...]
        let allowed = "0123456789.eE+-".utf8
        guard digits.utf8.allSatisfy({ allowed.contains($0) }), digits.utf8.contains(where: isDigit) else { return nil }
        return Double(digits).map(Kind.float)
    }

    // MARK: Bytes

    private mutating func skipBlanks() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x0A:
                position += 1
                line += 1
                lineStart = position
            case 0x20, 0x09, 0x0B, 0x0C, 0x0D:
                position += 1
            case UInt8(ascii: "#"):
                while position < bytes.count, bytes[position] != 0x0A { position += 1 }
            default:
                return
            }
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        isDigit(byte) || byte == UInt8(ascii: "_") || (0x61...0x7A).contains(byte | 0x20)
    }

    // MARK: Texts

    private mutating func text(closedBy quote: UInt8) throws(FormatError) -> [UInt8] {
        let start = position
        position += 1
        var text: [UInt8] = []
        while position < bytes.count, bytes[position] != 0x0A {
            let byte = bytes[position]
            position += 1
            if byte == quote { return text }
            if byte == UInt8(ascii: "\\") { try escape(into: &text) } else { text.append(byte) }
        }
        position = start
        throw malformed("the text in quotes does not end on its line")
    }

    private mutating func escape(into text: inout [UInt8]) throws(FormatError) {
        guard position < bytes.count else { throw malformed("the text ends within an escape") }
        let kind = bytes[position]
        position += 1
        switch kind {
        case UInt8(ascii: "a"): text.append(7)
        case UInt8(ascii: "b"): text.append(8)
        case UInt8(ascii: "t"): text.append(9)
        case UInt8(ascii: "n"): text.append(10)
        case UInt8(ascii: "v"): text.append(11)
        case UInt8(ascii: "f"): text.append(12)
        case UInt8(ascii: "r"): text.append(13)
        case UInt8(ascii: "?"), UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\""): text.append(kind)
        case UInt8(ascii: "0")...UInt8(ascii: "7"):
            position -= 1
            let value = digits(radix: 8, most: 3).value
            guard value <= 255 else { throw malformed("an octal escape is above \\377") }
            text.append(UInt8(truncatingIfNeeded: value))
        case UInt8(ascii: "x"), UInt8(ascii: "X"):
            let (value, count) = digits(radix: 16, most: 2)
            guard count > 0 else { throw malformed("\\x needs one or two hexadecimal digits") }
            text.append(UInt8(truncatingIfNeeded: value))
        case UInt8(ascii: "u"): text += try scalar(digits: 4)
        case UInt8(ascii: "U"): text += try scalar(digits: 8)
        default: throw malformed("the text has an escape that there is not")
        }
    }

    private mutating func scalar(digits wanted: Int) throws(FormatError) -> [UInt8] {
        let (value, count) = digits(radix: 16, most: wanted)
        guard count == wanted, let scalar = Unicode.Scalar(value) else {
            throw malformed("\\u and \\U need 4 and 8 hexadecimal digits of a Unicode character")
        }
        return Array(String(Character(scalar)).utf8)
    }

    /// Up to eight digits.
    private mutating func digits(radix: UInt32, most: Int) -> (value: UInt32, count: Int) {
        var value: UInt32 = 0
        var count = 0
        while count < most, position < bytes.count,
            let digit = Character(Unicode.Scalar(bytes[position])).hexDigitValue, digit < radix
        {
            value = value &* radix &+ UInt32(digit)
            position += 1
            count += 1
        }
        return (value, count)
    }
}
