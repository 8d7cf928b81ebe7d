// SPDX-License-Identifier: Apache-2.0

/// Writes one JSON document, without spaces, into a growing buffer.
///
/// Commas come by themselves. Nesting follows the closures, so that brackets always match.
package struct JSONWriter {
    package var bytes: [UInt8] = []
    private var needsComma = false

    package init() {}

    private mutating func beginValue() {
        if needsComma { bytes.append(.comma) }
        needsComma = true
    }

    // MARK: Values

    package mutating func object<E: Error>(_ members: (inout JSONWriter) throws(E) -> Void) throws(E) {
        try nest(.openBrace, .closeBrace, members)
    }

    package mutating func array<E: Error>(_ elements: (inout JSONWriter) throws(E) -> Void) throws(E) {
        try nest(.openBracket, .closeBracket, elements)
    }

    private mutating func nest<E: Error>(
        _ open: UInt8, _ close: UInt8, _ content: (inout JSONWriter) throws(E) -> Void
    ) throws(E) {
        beginValue()
        bytes.append(open)
        needsComma = false
        try content(&self)
        bytes.append(close)
        needsComma = true
    }

    package mutating func value(_ text: String) {
        beginValue()
        quoted(text)
    }

    package mutating func value(_ flag: Bool) {
        beginValue()
        bytes.append(contentsOf: flag ? "true".utf8 : "false".utf8)
    }

    package mutating func value<I: FixedWidthInteger>(_ number: I) {
        beginValue()
        appendNumber { NumberPrinter.write(number, to: $0, .shared) }
    }

    /// The shortest text that reads back as the same number; NaN, Infinity or -Infinity for what is none.
    package mutating func value(_ number: Double) {
        beginValue()
        appendNumber { NumberPrinter.write(number, to: $0, .shared) }
    }

    private mutating func appendNumber(
        _ write: (UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<UInt8>
    ) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: NumberPrinter.maximumLength) { buffer in
            guard let start = buffer.baseAddress else { return }
            bytes.append(contentsOf: UnsafeBufferPointer(start: start, count: write(start) - start))
        }
    }

    /// Lets `append` write the text of one value itself.
    package mutating func raw<E: Error>(_ append: (inout [UInt8]) throws(E) -> Void) throws(E) {
        beginValue()
        try append(&bytes)
    }

    // MARK: Members

    package mutating func key(_ name: String) {
        beginValue()
        quoted(name)
        bytes.append(.colon)
        needsComma = false
    }

    package mutating func member(_ name: String, _ text: String) {
        key(name)
        value(text)
    }

    package mutating func member(_ name: String, _ flag: Bool) {
        key(name)
        value(flag)
    }

    package mutating func member<I: FixedWidthInteger>(_ name: String, _ number: I) {
        key(name)
        value(number)
    }

    package mutating func member<E: Error>(
        _ name: String, object: (inout JSONWriter) throws(E) -> Void
    ) throws(E) {
        key(name)
        try self.object(object)
    }

    package mutating func member<E: Error>(
        _ name: String, array: (inout JSONWriter) throws(E) -> Void
    ) throws(E) {
        key(name)
        try self.array(array)
    }

    package mutating func member(_ name: String, _ texts: [String]) {
        member(name, array: { for text in texts { $0.value(text) } })
    }

    package mutating func member(_ name: String, _ numbers: [Int]) {
        member(name, array: { for number in numbers { $0.value(number) } })
    }

    // MARK: Strings

    private mutating func quoted(_ text: String) {
        var text = text
        text.withUTF8 { JSONWriter.appendQuoted($0, to: &bytes) }
    }

    /// Appends UTF-8 in quotes, escaping quotes, backslashes and control characters.
    static func appendQuoted(_ text: UnsafeBufferPointer<UInt8>, to bytes: inout [UInt8]) {
        bytes.append(.quote)
        var plain = 0
        for (index, byte) in text.enumerated() where byte < 0x20 || byte == .quote || byte == .backslash {
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[plain..<index]))
            plain = index + 1
            appendEscape(byte, to: &bytes)
        }
        bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[plain...]))
        bytes.append(.quote)
    }

    private static func appendEscape(_ byte: UInt8, to bytes: inout [UInt8]) {
        bytes.append(.backslash)
        switch byte {
        case .quote, .backslash: bytes.append(byte)
        case 0x08: bytes.append(UInt8(ascii: "b"))
        case 0x09: bytes.append(UInt8(ascii: "t"))
        case 0x0A: bytes.append(UInt8(ascii: "n"))
        case 0x0C: bytes.append(UInt8(ascii: "f"))
        case 0x0D: bytes.append(UInt8(ascii: "r"))
        default:
            bytes.append(contentsOf: "u00".utf8)
            for nibble in [byte >> 4, byte & 15] { bytes.append(nibble < 10 ? 48 + nibble : 87 + nibble) }
        }
    }
}
