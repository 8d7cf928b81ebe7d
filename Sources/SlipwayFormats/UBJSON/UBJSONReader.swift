// SPDX-License-Identifier: Apache-2.0

/// Reads Universal Binary JSON, draft 12 (https://ubjson.org), in bounded memory and depth.
public enum UBJSONReader {
    /// The one value of a source.
    ///
    /// - Throws: ``FormatError`` `malformed`, `truncated` or `limitExceeded` with the offset.
    public static func read(
        _ source: any ByteSource, limits: StructuredLimits = StructuredLimits()
    ) throws(FormatError) -> StructuredValue {
        var parser = UBJSONParser(source, limits: limits)
        return try parser.document()
    }
}

private struct UBJSONParser {
    /// What may stand behind the opening bracket: a type for all elements, and how many there are.
    private struct Header {
        var type: UInt8?
        var count: Int?
    }

    private let source: any ByteSource
    private var bytes: BufferedBytes
    private var offset = 0
    private var budget: StructuredBudget

    init(_ source: any ByteSource, limits: StructuredLimits) {
        self.source = source
        bytes = BufferedBytes(source)
        budget = StructuredBudget(limits)
    }

    mutating func document() throws(FormatError) -> StructuredValue {
        let value = try value(try marker(), depth: 1)
        while offset < source.byteCount, try bytes.byte(at: offset) == UInt8(ascii: "N") { offset += 1 }
        guard offset == source.byteCount else { throw malformed("there is more after the value") }
        return value
    }

    private mutating func value(_ type: UInt8, depth: Int) throws(FormatError) -> StructuredValue {
        switch type {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "S"), UInt8(ascii: "H"): return .string(try string())
        case UInt8(ascii: "C"): return .string(String(decoding: [try byte()], as: UTF8.self))
        case UInt8(ascii: "Z"): return .null
        case UInt8(ascii: "T"): return .bool(true)
        case UInt8(ascii: "F"): return .bool(false)
        case UInt8(ascii: "d"): return .number(Double(Float(bitPattern: try integer(UInt32.self))))
        case UInt8(ascii: "D"): return .number(Double(bitPattern: try integer(UInt64.self)))
        default: return .integer(try whole(type))
        }
    }

    // MARK: Containers

    private mutating func object(depth: Int) throws(FormatError) -> StructuredValue {
        try budget.checkDepth(depth, at: offset)
        let header = try header()
        var members = StructuredMembers()
        while try hasElement(header, members.members.count, closing: UInt8(ascii: "}")) {
            let start = offset
            try budget.takeValue(at: start)
            let name = try string()
            try members.append(name, try element(header, depth: depth), at: start)
        }
        return .object(members.members)
    }

    private mutating func array(depth: Int) throws(FormatError) -> StructuredValue {
        try budget.checkDepth(depth, at: offset)
        let header = try header()
        if let type = header.type, let count = header.count, let width = Self.width(of: type) {
            return try numbers(type, width, count)
        }
        var elements = StructuredElements()
        var count = 0
        while try hasElement(header, count, closing: UInt8(ascii: "]")) {
            let start = offset
            try elements.append(try element(header, depth: depth), &budget, at: start)
            count += 1
        }
        return elements.value
    }

    private mutating func header() throws(FormatError) -> Header {
        var header = Header()
        if try peek() == UInt8(ascii: "$") {
            offset += 1
            let type = try byte()
            // Elements without bytes of their own would make a small file as large as it likes.
            guard !"ZNTF".utf8.contains(type) else { throw malformed("a typed list of values without content") }
            header.type = type
            guard try peek() == UInt8(ascii: "#") else { throw malformed("a type without a count") }
        }
        if try peek() == UInt8(ascii: "#") {
            offset += 1
            header.count = try count()
        }
        return header
    }

    /// Whether an element follows; takes the closing bracket where none does.
    private mutating func hasElement(_ header: Header, _ done: Int, closing: UInt8) throws(FormatError) -> Bool {
        if let count = header.count { return done < count }
        while try peek() == UInt8(ascii: "N") { offset += 1 }
        guard try peek() == closing else { return true }
        offset += 1
        return false
    }

    private mutating func element(_ header: Header, depth: Int) throws(FormatError) -> StructuredValue {
        if let type = header.type { return try value(type, depth: depth + 1) }
        return try value(try marker(), depth: depth + 1)
    }

    /// A list of numbers of one type, as it lies in the file.
    private mutating func numbers(_ type: UInt8, _ width: Int, _ count: Int) throws(FormatError) -> StructuredValue {
        guard count > 0 else { return .array([]) }
        guard count <= (source.byteCount - offset) / width else {
            throw .truncated("a list", needed: count, available: source.byteCount - offset, offset: offset)
        }
        try budget.takeNumbers(count, at: offset)
        if type == UInt8(ascii: "d") || type == UInt8(ascii: "D") {
            var result: [Double] = []
            result.reserveCapacity(count)
            for _ in 0..<count {
                guard case .number(let number) = try value(type, depth: 0) else { break }
                result.append(number)
            }
            return .numbers(result)
        }
        var result: [Int64] = []
        result.reserveCapacity(count)
        for _ in 0..<count { result.append(try whole(type)) }
        return .integers(result)
    }

    // MARK: Scalars

    private static func width(of type: UInt8) -> Int? {
        switch type {
        case UInt8(ascii: "i"), UInt8(ascii: "U"): 1
        case UInt8(ascii: "I"): 2
        case UInt8(ascii: "l"), UInt8(ascii: "d"): 4
        case UInt8(ascii: "L"), UInt8(ascii: "D"): 8
        default: nil
        }
    }

    private mutating func whole(_ type: UInt8) throws(FormatError) -> Int64 {
        switch type {
        case UInt8(ascii: "i"): return Int64(Int8(bitPattern: try byte()))
        case UInt8(ascii: "U"): return Int64(try byte())
        case UInt8(ascii: "I"): return Int64(Int16(bitPattern: try integer(UInt16.self)))
        case UInt8(ascii: "l"): return Int64(Int32(bitPattern: try integer(UInt32.self)))
        case UInt8(ascii: "L"): return Int64(bitPattern: try integer(UInt64.self))
        default:
            offset -= 1
            throw malformed("a value of the unknown type \(type)")
        }
    }

    private mutating func count() throws(FormatError) -> Int {
        let value = try whole(try byte())
        guard value >= 0, let count = Int(exactly: value) else { throw malformed("a length is negative") }
        return count
    }

    private mutating func string() throws(FormatError) -> String {
        let count = try count()
        guard count <= budget.limits.stringByteCount else {
            throw FormatError(
                .limitExceeded, "a string has more than \(budget.limits.stringByteCount) bytes", at: "offset \(offset)")
        }
        let content = try bytes.bytes(at: offset, count: count)
        guard let text = String(validating: content, as: UTF8.self) else { throw malformed("a string is not UTF-8") }
        offset += count
        return text
    }

    /// The next type, after any number of fillers.
    private mutating func marker() throws(FormatError) -> UInt8 {
        var type = try byte()
        while type == UInt8(ascii: "N") { type = try byte() }
        return type
    }

    private mutating func peek() throws(FormatError) -> UInt8 { try bytes.byte(at: offset) }

    private mutating func byte() throws(FormatError) -> UInt8 {
        let value = try bytes.byte(at: offset)
        offset += 1
        return value
    }

    /// Big-endian, as all numbers are.
    private mutating func integer<T: FixedWidthInteger & UnsignedInteger>(_ type: T.Type) throws(FormatError) -> T {
        var value: T = 0
        for _ in 0..<MemoryLayout<T>.size { value = value << 8 | T(try byte()) }
        return value
    }

    private func malformed(_ what: String) -> FormatError {
        FormatError(.malformed, "the UBJSON is broken: \(what)", at: "offset \(offset)")
    }
}
