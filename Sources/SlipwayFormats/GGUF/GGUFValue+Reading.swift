// SPDX-License-Identifier: Apache-2.0

extension GGUFValue {
    /// Reads a value with its type before it.
    ///
    /// - Parameter isVocabulary: Whether texts are looked at for being there once: ``GGUFCursor/hasRepeatedTexts``.
    init(_ cursor: inout GGUFCursor, isVocabulary: Bool = false) throws(FormatError) {
        switch try Self.type(&cursor) {
        case .array:
            self = try Self.list(&cursor, isVocabulary: isVocabulary)
        case .string:
            let (text, byteCount) = try cursor.text(upTo: cursor.limits.textBytes, for: "a text")
            self = text.map { .text($0) } ?? .longText(byteCount: byteCount)
        case let type:
            self = try Self.scalar(type, &cursor)
        }
    }

    private static func type(_ cursor: inout GGUFCursor) throws(FormatError) -> GGUFValueType {
        let number = try cursor.integer(UInt32.self, for: "a value's type")
        guard let type = GGUFValueType(rawValue: number) else {
            throw FormatError(.malformed, "the value is of type \(number), expected 0 to 12")
        }
        return type
    }

    private static func scalar(_ type: GGUFValueType, _ cursor: inout GGUFCursor) throws(FormatError) -> GGUFValue {
        let what = "a value"
        switch type {
        case .uint8: return .integer(Int(try cursor.integer(UInt8.self, for: what)))
        case .int8: return .integer(Int(Int8(bitPattern: try cursor.integer(for: what))))
        case .uint16: return .integer(Int(try cursor.integer(UInt16.self, for: what)))
        case .int16: return .integer(Int(Int16(bitPattern: try cursor.integer(for: what))))
        case .uint32: return .integer(Int(try cursor.integer(UInt32.self, for: what)))
        case .int32: return .integer(Int(Int32(bitPattern: try cursor.integer(for: what))))
        // Numbers so large are none that anything here reads; they saturate.
        case .uint64: return .integer(Int(clamping: try cursor.integer(UInt64.self, for: what)))
        case .int64: return .integer(Int(Int64(bitPattern: try cursor.integer(for: what))))
        case .float32: return .number(Double(Float(bitPattern: try cursor.integer(for: what))))
        case .float64: return .number(Double(bitPattern: try cursor.integer(for: what)))
        case .bool: return .flag(try cursor.integer(UInt8.self, for: what) != 0)
        case .string, .array:
            throw FormatError(.malformed, "the value is of a type that has no fixed size")
        }
    }

    private static func list(
        _ cursor: inout GGUFCursor, isVocabulary: Bool
    ) throws(FormatError) -> GGUFValue {
        let type = try type(&cursor)
        guard type != .array else {
            throw FormatError(
                .unsupported, "the value is a list of lists, which no engine reads: convert the model again")
        }
        guard let width = type.width else { return isVocabulary ? try vocabulary(&cursor) : try texts(&cursor) }
        let count = try cursor.count(ofAtLeast: width, most: cursor.limits.headByteCount, for: "elements")
        let isKept = count <= cursor.limits.keptNumbers && type != .float32 && type != .float64
        guard isKept else {
            try cursor.skip(UInt64(count * width), for: "a list")
            return .list(type, count: count)
        }
        var integers: [Int] = []
        var flags: [Bool] = []
        for _ in 0..<count {
            switch try scalar(type, &cursor) {
            case .integer(let value): integers.append(value)
            case .flag(let value): flags.append(value)
            default: break
            }
        }
        return type == .bool ? .flags(flags) : .integers(integers)
    }

    /// llama.cpp ends the process where two tokens have the same text.
    private static func vocabulary(_ cursor: inout GGUFCursor) throws(FormatError) -> GGUFValue {
        let count = try cursor.count(ofAtLeast: 8, most: cursor.limits.textListCount, for: "tokens")
        var digests: [UInt64] = []
        digests.reserveCapacity(count)
        for index in 0..<count { digests.append(try cursor.textDigest(index: index)) }
        digests.sort()
        if zip(digests, digests.dropFirst()).contains(where: ==) { cursor.hasRepeatedTexts = true }
        return .list(.string, count: count)
    }

    /// Short lists of texts are kept; others are counted.
    private static func texts(_ cursor: inout GGUFCursor) throws(FormatError) -> GGUFValue {
        let count = try cursor.count(ofAtLeast: 8, most: cursor.limits.textListCount, for: "texts")
        var kept: [String]? = count <= cursor.limits.keptTexts ? [] : nil
        var room = 65_536
        for _ in 0..<count {
            let (text, byteCount) = try cursor.text(upTo: kept == nil ? -1 : room, for: "a text of a list")
            guard let text else {
                kept = nil
                continue
            }
            room -= byteCount
            kept?.append(text)
        }
        return kept.map { .texts($0) } ?? .list(.string, count: count)
    }
}
