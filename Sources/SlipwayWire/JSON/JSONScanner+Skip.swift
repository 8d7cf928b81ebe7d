// SPDX-License-Identifier: Apache-2.0

extension JSONScanner {
    /// Passes over the next value, checking all of it, without recursion.
    mutating func skipValue() throws(WireError) {
        // One bit for each open bracket, the innermost lowest: 1 for an object. The depth limit is its width.
        var kinds: UInt64 = 0
        var level = 0
        while true {
            switch peek() {
            case .openBracket, .openBrace:
                guard depth + level < Self.maximumDepth else { throw tooDeep() }
                let isObject = cursor.pointee == .openBrace
                cursor += 1
                kinds = kinds << 1 | (isObject ? 1 : 0)
                level += 1
                if peek() == (isObject ? .closeBrace : .closeBracket) {
                    break
                }
                if isObject { try memberName() }
                continue
            case .quote:
                _ = try stringToken()
            default:
                try skipScalar()
            }
            // A value has ended, or an empty array or object is about to: go on in what holds it.
            while true {
                if level == 0 { return }
                let isObject = kinds & 1 == 1
                let byte = peek()
                if byte == .comma {
                    cursor += 1
                    if isObject { try memberName() }
                    break
                }
                guard byte == (isObject ? .closeBrace : .closeBracket) else {
                    throw malformed(isObject ? "',' or '}'" : "',' or ']'")
                }
                cursor += 1
                kinds >>= 1
                level -= 1
            }
        }
    }

    /// Checks that a document is a list of one value, and that the value is sound.
    ///
    /// - Throws: ``WireError`` naming the byte of the list.
    package static func checkOneValue(inList list: UnsafeRawBufferPointer) throws(WireError) {
        var scanner = try JSONScanner(list)
        var isFirst = true
        try scanner.beginArray()
        guard try scanner.nextElement(isFirst: &isFirst) else { throw scanner.malformed("a value") }
        try scanner.skipValue()
        guard try !scanner.nextElement(isFirst: &isFirst) else { throw scanner.malformed("one value alone") }
        try scanner.finish()
    }

    private mutating func memberName() throws(WireError) {
        guard peek() == .quote else { throw malformed("a member's name in quotes") }
        _ = try stringToken()
        guard peek() == .colon else { throw malformed("':'") }
        cursor += 1
    }

    private mutating func skipScalar() throws(WireError) {
        switch cursor < end ? cursor.pointee : 0 {
        case UInt8(ascii: "t") where literal("true"): return
        case UInt8(ascii: "f") where literal("false"): return
        case UInt8(ascii: "n") where literal("null"): return
        case UInt8(ascii: "N") where literal("NaN"): return
        case UInt8(ascii: "I") where literal("Infinity"): return
        case .minus where literal("-Infinity"): return
        default:
            guard DecimalToken(&cursor, end: end) != nil else { throw malformed("a value") }
        }
    }
}
