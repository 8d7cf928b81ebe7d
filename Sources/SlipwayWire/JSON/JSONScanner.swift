// SPDX-License-Identifier: Apache-2.0

/// A pull scanner over the bytes of one JSON document (RFC 8259) whose top level is an object or an array.
///
/// Nothing is built: the reader asks for the next member, element, string or number and gets it from the
/// bytes. Depth is at most ``maximumDepth``, no method recurses, and every error names its byte.
/// The bytes must stay valid for as long as the scanner is used.
package struct JSONScanner {
    /// Arrays and objects inside one another.
    package static let maximumDepth = 64

    let start: UnsafePointer<UInt8>
    let end: UnsafePointer<UInt8>
    var cursor: UnsafePointer<UInt8>
    var depth = 0

    /// - Throws: `malformedJSON` when the document is empty or its last byte does not close an array or object.
    ///
    /// That closing byte is why digit loops need no bounds check: it stops them.
    package init(_ document: UnsafeRawBufferPointer) throws(WireError) {
        var count = document.count
        while count > 0, Self.isWhitespace(document[count - 1]) { count -= 1 }
        guard count > 0, let base = document.baseAddress else {
            throw WireError(.malformedJSON, "the JSON document is empty: expected an object", at: "byte 0")
        }
        guard document[count - 1] == .closeBrace || document[count - 1] == .closeBracket else {
            throw WireError(
                .malformedJSON, "the JSON document ends before its object or array is closed", at: "byte \(count)")
        }
        start = base.assumingMemoryBound(to: UInt8.self)
        end = start + count
        cursor = start
    }

    var offset: Int { cursor - start }
    var remaining: Int { end - cursor }

    @inline(__always)
    static func isWhitespace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
    }

    @inline(__always)
    mutating func skipWhitespace() {
        while cursor < end, Self.isWhitespace(cursor.pointee) { cursor += 1 }
    }

    /// The first byte of the next token, not consumed; 0 at the end of the document.
    @inline(__always)
    mutating func peek() -> UInt8 {
        skipWhitespace()
        return cursor < end ? cursor.pointee : 0
    }

    func malformed(_ expectation: String) -> WireError {
        let found: String
        if cursor >= end {
            found = "the end of the document"
        } else if (0x21...0x7E).contains(cursor.pointee) {
            found = "'\(Character(Unicode.Scalar(cursor.pointee)))'"
        } else {
            found = "byte \(cursor.pointee)"
        }
        return WireError(.malformedJSON, "expected \(expectation), got \(found)", at: "byte \(offset)")
    }

    // MARK: Structure

    private mutating func open(_ bracket: UInt8, _ what: String) throws(WireError) {
        guard peek() == bracket else { throw malformed(what) }
        guard depth < Self.maximumDepth else { throw tooDeep() }
        depth += 1
        cursor += 1
    }

    func tooDeep() -> WireError {
        WireError(
            .tooDeep, "the JSON is nested deeper than \(Self.maximumDepth) arrays and objects", at: "byte \(offset)")
    }

    mutating func beginObject() throws(WireError) { try open(.openBrace, "an object") }
    mutating func beginArray() throws(WireError) { try open(.openBracket, "an array") }

    /// Moves to the next member of the object just begun or continued; `nil` after consuming its end.
    ///
    /// - Parameter isFirst: Whether no member was read yet.
    mutating func nextKey(isFirst: inout Bool) throws(WireError) -> String? {
        let byte = peek()
        if byte == .closeBrace {
            cursor += 1
            depth -= 1
            return nil
        }
        if isFirst {
            isFirst = false
        } else {
            guard byte == .comma else { throw malformed("',' or '}'") }
            cursor += 1
        }
        guard peek() == .quote else { throw malformed("a member's name in quotes") }
        let key = try string()
        guard peek() == .colon else { throw malformed("':'") }
        cursor += 1
        return key
    }

    /// Moves to the next element of the array just begun or continued; `false` after consuming its end.
    mutating func nextElement(isFirst: inout Bool) throws(WireError) -> Bool {
        let byte = peek()
        if byte == .closeBracket {
            guard depth > 0 else { throw malformed("a value") }
            cursor += 1
            depth -= 1
            return false
        }
        if isFirst {
            isFirst = false
        } else {
            guard byte == .comma else { throw malformed("',' or ']'") }
            cursor += 1
            guard peek() != .closeBracket else { throw malformed("a value after ','") }
        }
        return true
    }

    /// Checks that nothing follows the document's value.
    mutating func finish() throws(WireError) {
        skipWhitespace()
        guard cursor == end else { throw malformed("the end of the document") }
    }

    /// Reads a value that began earlier, at `offset`, and returns to where the scanner was.
    mutating func revisit<R>(
        offset: Int, _ body: (inout JSONScanner) throws(WireError) -> R
    ) throws(WireError) -> R {
        let resume = cursor
        cursor = start + offset
        let result = try body(&self)
        cursor = resume
        return result
    }

    /// Consumes a literal such as `true`.
    mutating func literal(_ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard remaining >= count else { return false }
        for index in 0..<count where cursor[index] != text.utf8Start[index] { return false }
        cursor += count
        return true
    }

    mutating func bool() throws(WireError) -> Bool {
        switch peek() {
        case UInt8(ascii: "t") where literal("true"): return true
        case UInt8(ascii: "f") where literal("false"): return false
        default: throw malformed("true or false")
        }
    }
}

extension UInt8 {
    static let quote = UInt8(ascii: "\"")
    static let backslash = UInt8(ascii: "\\")
    static let comma = UInt8(ascii: ",")
    static let colon = UInt8(ascii: ":")
    static let openBrace = UInt8(ascii: "{")
    static let closeBrace = UInt8(ascii: "}")
    static let openBracket = UInt8(ascii: "[")
    static let closeBracket = UInt8(ascii: "]")
    static let minus = UInt8(ascii: "-")
    static let dot = UInt8(ascii: ".")
}
