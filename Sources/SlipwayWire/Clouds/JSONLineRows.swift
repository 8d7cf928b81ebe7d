// SPDX-License-Identifier: Apache-2.0

/// Rows with one JSON value in each line, read into and written from one list.
enum JSONLineRows {
    /// `[line, line, ...]`
    ///
    /// - Throws: ``WireError`` naming the line that is not one JSON value.
    static func json(_ body: UnsafeRawBufferPointer) throws(WireError) -> [UInt8] {
        var json: [UInt8] = [.openBracket]
        json.reserveCapacity(body.count + 16)
        var scratch: [UInt8] = []
        var number = 0
        var isFirst = true
        var next = 0
        // No array of lines: of a body of empty ones it would take many times the body's bytes.
        while next < body.count {
            let line = body[next..<(body[next...].firstIndex(of: 0x0A) ?? body.count)]
            next = line.endIndex + 1
            number += 1
            guard !line.allSatisfy(JSONScanner.isWhitespace) else { continue }
            scratch.removeAll(keepingCapacity: true)
            scratch.append(.openBracket)
            scratch.append(contentsOf: line)
            scratch.append(.closeBracket)
            try check(scratch, line: number)
            if !isFirst { json.append(.comma) }
            isFirst = false
            json.append(contentsOf: scratch.dropFirst().dropLast())
        }
        json.append(.closeBracket)
        return json
    }

    private static func check(_ list: [UInt8], line: Int) throws(WireError) {
        let failure = list.withUnsafeBytes { bytes -> WireError? in
            do throws(WireError) {
                try JSONScanner.checkOneValue(inList: bytes)
                return nil
            } catch {
                return error
            }
        }
        if let failure { throw WireError(failure.code, failure.message, at: "line \(line)") }
    }

    /// The elements of a list, each in a line of its own.
    static func lines(ofList list: [UInt8]) throws(WireError) -> [UInt8] {
        let result = list.withUnsafeBytes { bytes in
            Result { () throws(WireError) in
                var lines: [UInt8] = []
                lines.reserveCapacity(bytes.count + 1)
                var scanner = try JSONScanner(bytes)
                var isFirst = true
                try scanner.beginArray()
                while try scanner.nextElement(isFirst: &isFirst) {
                    _ = scanner.peek()
                    let start = scanner.offset
                    try scanner.skipValue()
                    lines.append(contentsOf: bytes[start..<scanner.offset])
                    lines.append(0x0A)
                }
                return lines
            }
        }
        return try result.get()
    }
}
