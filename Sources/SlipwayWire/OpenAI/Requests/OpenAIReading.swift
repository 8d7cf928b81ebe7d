// SPDX-License-Identifier: Apache-2.0

extension JSONScanner {
    /// Passes over a `null`.
    mutating func takeNull() -> Bool { peek() == UInt8(ascii: "n") && literal("null") }

    /// Reads an object; members that are null count as absent, those that `read` does not know are passed over.
    ///
    /// - Parameter read: Reads the value of a member, or returns `false` without reading. What it throws is told
    ///   with the member's name.
    mutating func members(
        _ read: (inout JSONScanner, String) throws(WireError) -> Bool
    ) throws(WireError) {
        guard peek() == .openBrace else { throw wrongType("an object") }
        try beginObject()
        var isFirst = true
        while let key = try nextKey(isFirst: &isFirst) {
            if takeNull() { continue }
            let isKnown: Bool
            do throws(WireError) {
                isKnown = try read(&self, key)
            } catch {
                throw error.within(key)
            }
            if !isKnown { try skipValue() }
        }
    }

    /// Reads a list; what `element` throws is told with its index.
    mutating func list<T>(
        most: Int, of element: (inout JSONScanner) throws(WireError) -> T
    ) throws(WireError) -> [T] {
        var elements: [T] = []
        guard peek() == .openBracket else { throw wrongType("a list") }
        try beginArray()
        var isFirst = true
        while try nextElement(isFirst: &isFirst) {
            guard elements.count < most else {
                throw WireError(.invalidRequest, "expected at most \(most) elements, got more")
            }
            do throws(WireError) {
                elements.append(try element(&self))
            } catch {
                throw error.within("[\(elements.count)]")
            }
        }
        return elements
    }

    mutating func text() throws(WireError) -> String {
        guard peek() == .quote else { throw wrongType("a string") }
        return try string()
    }

    mutating func flag() throws(WireError) -> Bool {
        let first = peek()
        guard first == UInt8(ascii: "t") || first == UInt8(ascii: "f") else { throw wrongType("true or false") }
        return try bool()
    }

    mutating func number(in range: ClosedRange<Double>) throws(WireError) -> Double {
        skipWhitespace()
        guard let number = Double.read(&cursor, end: end, .shared) else { throw wrongType("a number") }
        guard range.contains(number) else {
            throw WireError(
                .invalidRequest, "expected a number from \(range.lowerBound) to \(range.upperBound), got another one")
        }
        return number
    }

    /// A number without a fraction, however it is written.
    mutating func wholeNumber(in range: ClosedRange<Int>) throws(WireError) -> Int {
        skipWhitespace()
        let first = cursor
        if let number = Int64.read(&cursor, end: end, .shared) {
            guard range.contains(Int(number)) else { throw Self.outside(range) }
            return Int(number)
        }
        cursor = first
        guard let number = Double.read(&cursor, end: end, .shared) else { throw wrongType("a whole number") }
        guard let whole = Int(exactly: number), range.contains(whole) else { throw Self.outside(range) }
        return whole
    }

    private static func outside(_ range: ClosedRange<Int>) -> WireError {
        WireError(
            .invalidRequest,
            "expected a whole number from \(range.lowerBound) to \(range.upperBound), got another number")
    }

    mutating func tokenID() throws(WireError) -> Int32 {
        Int32(truncatingIfNeeded: try wholeNumber(in: 0...Int(Int32.max)))
    }

    /// The bytes of the next value, checked to be JSON that any reader takes: without NaN and Infinity.
    mutating func rawValue() throws(WireError) -> UnsafeRawBufferPointer {
        skipWhitespace()
        let first = cursor
        try skipValue()
        let value = UnsafeRawBufferPointer(start: first, count: cursor - first)
        var isInString = false
        var index = 0
        while index < value.count {
            switch value[index] {
            case .quote: isInString.toggle()
            case .backslash: index += 1
            case UInt8(ascii: "N"), UInt8(ascii: "I"):
                guard isInString else {
                    throw WireError(
                        .malformedJSON, "NaN and Infinity are not JSON", at: "byte \(first - start + index)")
                }
            default: break
            }
            index += 1
        }
        return value
    }

    mutating func rawObject() throws(WireError) -> UnsafeRawBufferPointer {
        guard peek() == .openBrace else { throw wrongType("an object") }
        return try rawValue()
    }

    /// Says that the value at the cursor is of another type than `wanted`.
    mutating func wrongType(_ wanted: String) -> WireError {
        let got: String
        switch peek() {
        case .quote: got = "a string"
        case .openBrace: got = "an object"
        case .openBracket: got = "a list"
        case UInt8(ascii: "t"), UInt8(ascii: "f"): got = "a boolean"
        case UInt8(ascii: "n"): got = "null"
        case .minus, UInt8(ascii: "0")...UInt8(ascii: "9"): got = "a number"
        default: return malformed(wanted)
        }
        return WireError(.invalidRequest, "expected \(wanted), got \(got)")
    }
}

extension JSONWriter {
    /// Copies the scanner's next string, which may be any value's.
    ///
    /// - Returns: How many bytes it is written with.
    mutating func copyText(_ scanner: inout JSONScanner) throws(WireError) -> Int {
        guard scanner.peek() == .quote else { throw scanner.wrongType("a string") }
        let text = try scanner.stringToken().content
        value(written: text)
        return text.count
    }

    /// A string that is escaped already.
    mutating func value(written text: UnsafeRawBufferPointer) {
        raw { bytes in
            bytes.append(.quote)
            bytes.append(contentsOf: text)
            bytes.append(.quote)
        }
    }
}
