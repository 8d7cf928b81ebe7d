// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

extension JSONScanner {
    /// Reads `count` values with commas between them, the hot loop of every tensor in JSON.
    @inline(__always)
    mutating func row<E: JSONElement>(of count: Int, into target: UnsafeMutablePointer<E>) throws(WireError) {
        let tables = FloatTables.shared
        let end = end
        var p = cursor
        var index = 0
        var isValid = true
        while true {
            while p < end, Self.isWhitespace(p.pointee) { p += 1 }
            guard let value = E.read(&p, end: end, tables) else {
                isValid = false
                break
            }
            target[index] = value
            index &+= 1
            if index == count { break }
            if p < end, p.pointee == .comma {
                p += 1
                continue
            }
            while p < end, Self.isWhitespace(p.pointee) { p += 1 }
            guard p < end, p.pointee == .comma else { break }
            p += 1
        }
        cursor = p
        if index == count { return }
        throw isValid ? wrongLength(expected: count, got: index) : badElement(E.elementType, count, index)
    }

    /// Reads `count` strings with commas between them into the packed layout of BYTES tensors.
    ///
    /// - Parameter acceptsBase64: Whether `{"b64":"..."}` may stand for a string.
    mutating func row(
        ofStrings count: Int, acceptsBase64: Bool, into packed: inout [UInt8]
    ) throws(WireError) {
        for index in 0..<count {
            if index > 0 {
                guard peek() == .comma else { throw wrongLength(expected: count, got: index) }
                cursor += 1
            }
            let first = peek()
            let header = packed.count
            packed.append(contentsOf: [0, 0, 0, 0])
            if first == .quote {
                Self.unescape(try stringToken(), into: &packed)
            } else if first == .openBrace, acceptsBase64 {
                try base64(into: &packed)
            } else {
                throw badElement(.bytes, count, index)
            }
            guard let length = UInt32(exactly: packed.count - header - 4) else {
                throw WireError(.invalidTensor, "a string of 4 GiB or more does not fit BYTES", at: "byte \(offset)")
            }
            for byte in 0..<4 { packed[header + byte] = UInt8(truncatingIfNeeded: length >> UInt32(8 * byte)) }
        }
    }

    /// Says why the value at the cursor is not an element of a tensor of `type`.
    private func badElement(_ type: ElementType, _ count: Int, _ index: Int) -> WireError {
        let byte = cursor < end ? cursor.pointee : 0
        let place = "byte \(offset)"
        func invalid(_ text: String) -> WireError { WireError(.invalidTensor, text, at: place) }
        let wanted =
            switch type {
            case .bool: "true or false"
            case .bytes: "a string"
            case .float16, .bfloat16, .float32, .float64: "a number"
            default: "a whole number"
            }
        switch byte {
        case .closeBracket:
            return index == 0
                ? wrongLength(expected: count, got: 0) : malformed("\(wanted) after ','")
        case .openBracket:
            return invalid(
                "the data is nested deeper than the shape: expected \(wanted) of \(type.rawValue), got a list")
        case .quote: return invalid("expected \(wanted) of \(type.rawValue), got a string")
        case .openBrace: return invalid("expected \(wanted) of \(type.rawValue), got an object")
        case UInt8(ascii: "n"): return invalid("expected \(wanted) of \(type.rawValue), got null")
        case UInt8(ascii: "t"), UInt8(ascii: "f"):
            return invalid("expected \(wanted) of \(type.rawValue), got a boolean")
        default: break
        }
        var probe = cursor
        guard let token = DecimalToken(&probe, end: end) else {
            return byte == UInt8(ascii: "N") || byte == UInt8(ascii: "I") || byte == .minus
                ? invalid("expected \(wanted) of \(type.rawValue), got a token that is no number")
                : malformed(wanted)
        }
        if type == .bool || type == .bytes { return invalid("expected \(wanted) of \(type.rawValue), got a number") }
        if wanted == "a whole number", !token.isInteger {
            return invalid("expected a whole number of \(type.rawValue), got one with a fraction or an exponent")
        }
        return invalid("the number is out of the range of \(type.rawValue)")
    }
}
