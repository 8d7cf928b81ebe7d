// SPDX-License-Identifier: Apache-2.0

/// Walks nested arrays of known extents without recursion and hands out the innermost rows.
struct NestedRows {
    /// Extents from the outermost on, none zero; empty for a bare value.
    let dimensions: [Int]

    /// The number of opening brackets at the scanner's position.
    static func openingDepth(_ scanner: JSONScanner) -> Int {
        var probe = scanner
        var depth = 0
        while probe.peek() == .openBracket {
            depth += 1
            probe.cursor += 1
        }
        return depth
    }

    /// Each level may read the whole value once more, so there must not be many; tensors have fewer dimensions.
    static let maximumMeasured = 16

    /// The extents of the value at the scanner's position, read along its first elements; the scanner is left
    /// behind the value, all of which was checked to be JSON.
    static func measure(_ scanner: inout JSONScanner) throws(WireError) -> NestedRows {
        var dimensions: [Int] = []
        var inner = scanner
        var behind: UnsafePointer<UInt8>?
        while inner.peek() == .openBracket {
            guard dimensions.count < maximumMeasured else {
                throw WireError(
                    .tooDeep, "expected rows nested at most \(maximumMeasured) deep, got more",
                    at: "byte \(inner.offset)")
            }
            var first = inner
            var count = 0
            var isFirst = true
            try inner.beginArray()
            while try inner.nextElement(isFirst: &isFirst) {
                if count == 0 { first = inner }
                try inner.skipValue()
                count += 1
            }
            behind = behind ?? inner.cursor
            dimensions.append(count)
            if count == 0 { break }
            inner = first
        }
        if let behind { scanner.cursor = behind } else { try scanner.skipValue() }
        return NestedRows(dimensions: dimensions)
    }

    /// Calls `row` at the first value of every innermost row with the number of values it must read.
    func read(
        _ scanner: inout JSONScanner,
        row: (inout JSONScanner, Int) throws(WireError) -> Void
    ) throws(WireError) {
        guard let rowLength = dimensions.last else { return try row(&scanner, 1) }
        let rank = dimensions.count
        guard scanner.depth + rank <= JSONScanner.maximumDepth else { throw scanner.tooDeep() }
        var counts = Array(repeating: 0, count: rank)
        var depth = 0
        while true {
            while depth < rank {
                guard scanner.peek() == .openBracket else { throw scanner.mismatch("'[' at depth \(depth + 1)") }
                scanner.cursor += 1
                depth += 1
            }
            try row(&scanner, rowLength)
            try close(&scanner, got: rowLength, expected: rowLength)
            depth -= 1
            while depth > 0 {
                counts[depth - 1] += 1
                if counts[depth - 1] < dimensions[depth - 1] {
                    guard scanner.peek() == .comma else {
                        throw scanner.wrongLength(expected: dimensions[depth - 1], got: counts[depth - 1])
                    }
                    scanner.cursor += 1
                    break
                }
                try close(&scanner, got: counts[depth - 1], expected: dimensions[depth - 1])
                counts[depth - 1] = 0
                depth -= 1
            }
            if depth == 0 { return }
        }
    }

    private func close(_ scanner: inout JSONScanner, got: Int, expected: Int) throws(WireError) {
        guard scanner.peek() == .closeBracket else {
            throw scanner.peek() == .comma
                ? scanner.tooLong(expected: expected) : scanner.malformed("',' or ']'")
        }
        scanner.cursor += 1
    }

    /// Passes over arrays that hold no value at all: the data of a shape with a zero in it.
    static func expectEmpty(_ scanner: inout JSONScanner) throws(WireError) {
        let first = scanner.cursor
        try scanner.skipValue()
        var index = 0
        while first + index < scanner.cursor {
            let byte = first[index]
            guard byte == .openBracket || byte == .closeBracket || byte == .comma || JSONScanner.isWhitespace(byte)
            else {
                scanner.cursor = first + index
                throw WireError(
                    .invalidTensor, "expected no element, got at least 1", at: "byte \(scanner.offset)")
            }
            index += 1
        }
    }
}

extension JSONScanner {
    func mismatch(_ expectation: String) -> WireError {
        let base = malformed(expectation)
        return WireError(.invalidTensor, base.message + ": the data does not follow the shape", at: base.location)
    }

    func wrongLength(expected: Int, got: Int) -> WireError {
        guard cursor < end, cursor.pointee == .closeBracket else { return malformed("',' or ']'") }
        return WireError(
            .invalidTensor, "a list in the data is too short: expected \(expected) elements, got \(got)",
            at: "byte \(offset)")
    }

    func tooLong(expected: Int) -> WireError {
        WireError(
            .invalidTensor, "a list in the data is too long: expected \(expected) elements, got more",
            at: "byte \(offset)")
    }
}
