// SPDX-License-Identifier: Apache-2.0

/// Parses the little of Python's literals that npy headers are written in.
struct PythonLiteral {
    enum Value {
        case string(String)
        case boolean(Bool)
        case tuple([Int])
        /// A list: the type of an array of records.
        case list
    }

    /// numpy's own limit.
    private static let rankLimit = 64

    private let text: [UInt8]
    private var position = 0

    init(_ text: [UInt8]) { self.text = text }

    /// `{'key': value, ...}`; a list as a value ends the parsing, because what follows is of no use then.
    mutating func dictionary() throws(FormatError) -> [String: Value] {
        var entries: [String: Value] = [:]
        try expect(UInt8(ascii: "{"))
        while !accept(UInt8(ascii: "}")) {
            let key = try string()
            try expect(UInt8(ascii: ":"))
            let value = try value()
            guard entries.updateValue(value, forKey: key) == nil else { throw malformed() }
            if case .list = value { return entries }
            if !accept(UInt8(ascii: ",")) {
                try expect(UInt8(ascii: "}"))
                break
            }
        }
        return entries
    }

    private mutating func value() throws(FormatError) -> Value {
        skipSpaces()
        guard position < text.count else { throw malformed() }
        switch text[position] {
        case UInt8(ascii: "'"), UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "("): return .tuple(try tuple())
        case UInt8(ascii: "["): return .list
        case UInt8(ascii: "T") where text.has("True", at: position):
            position += 4
            return .boolean(true)
        case UInt8(ascii: "F") where text.has("False", at: position):
            position += 5
            return .boolean(false)
        default: throw malformed()
        }
    }

    private mutating func tuple() throws(FormatError) -> [Int] {
        var numbers: [Int] = []
        try expect(UInt8(ascii: "("))
        while !accept(UInt8(ascii: ")")) {
            guard numbers.count < Self.rankLimit else {
                throw FormatError(.limitExceeded, "the array has more than \(Self.rankLimit) dimensions")
            }
            numbers.append(try integer())
            if !accept(UInt8(ascii: ",")) {
                try expect(UInt8(ascii: ")"))
                break
            }
        }
        return numbers
    }

    private mutating func integer() throws(FormatError) -> Int {
        skipSpaces()
        var value = 0
        let start = position
        while position < text.count, (0x30...0x39).contains(text[position]) {
            let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = tens.addingReportingOverflow(Int(text[position] - 0x30))
            guard !overflow, !carry else {
                throw FormatError(.malformed, "a dimension of the array does not fit 64 bits")
            }
            value = sum
            position += 1
        }
        guard position > start else { throw malformed() }
        // Python 2 marked long integers.
        if position < text.count, text[position] == UInt8(ascii: "L") { position += 1 }
        return value
    }

    private mutating func string() throws(FormatError) -> String {
        skipSpaces()
        guard position < text.count else { throw malformed() }
        let quote = text[position]
        guard quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else { throw malformed() }
        position += 1
        guard let end = text[position...].firstIndex(of: quote) else { throw malformed() }
        defer { position = end + 1 }
        return String(decoding: text[position..<end], as: UTF8.self)
    }

    private mutating func skipSpaces() {
        while position < text.count, text[position] == 0x20 || text[position] == 0x0A { position += 1 }
    }

    private mutating func accept(_ character: UInt8) -> Bool {
        skipSpaces()
        guard position < text.count, text[position] == character else { return false }
        position += 1
        return true
    }

    private mutating func expect(_ character: UInt8) throws(FormatError) {
        guard accept(character) else { throw malformed() }
    }

    private func malformed() -> FormatError {
        FormatError(.malformed, "the npy header is damaged", at: "header offset \(position)")
    }
}
