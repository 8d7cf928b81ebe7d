// SPDX-License-Identifier: Apache-2.0

// Texts, bytes and numbers.
extension PickleMachine {
    /// Bytes that a scan keeps where they look like a pickle of their own.
    private static let nestedLimit = 64 << 20
    /// Texts beyond this many bytes are no names, so that a scan has no use for them.
    private static let scannedTextLimit = 1100

    /// A text or bytes of `count` bytes.
    @inline(__always)
    mutating func text(_ count: Int, _ tag: PickleTag) throws(FormatError) {
        guard count < PickleArena.blockThreshold else { return try block(count, tag) }
        let start = arena.bytes.count
        guard start &+ count < limits.textByteCount else { throw tooLongTexts() }
        let piece = try input.piece(count)
        if isScan, count > Self.scannedTextLimit, tag == .text { return try make(PickleNode(tag)) }
        arena.bytes.append(contentsOf: piece)
        try make(PickleNode(tag, UInt32(truncatingIfNeeded: start), UInt32(truncatingIfNeeded: count)))
    }

    @inline(never)
    private func tooLongTexts() -> FormatError {
        FormatError(
            .limitExceeded, "the texts of the pickle take more than the limit of \(limits.textByteCount) bytes",
            at: place)
    }

    private mutating func block(_ count: Int, _ tag: PickleTag) throws(FormatError) {
        let long: PickleTag = tag == .text ? .longText : tag == .bytes ? .longBytes : .longByteText
        var content: [UInt8] = []
        if isScan {
            let head = Array(try input.lookAhead(64))
            let start = input.offset
            if tag != .text, count <= Self.nestedLimit - nestedByteCount, PickleSignatures.isPickle(head, tail: [0x2E])
            {
                nestedByteCount += count
                nestedPickles.append((start, try input.bytes(count)))
            } else {
                try input.skip(count)
            }
        } else {
            content = try input.bytes(count)
        }
        arena.blocks.append(content)
        try make(PickleNode(long, UInt32(truncatingIfNeeded: arena.blocks.count - 1)))
    }

    mutating func readBytes() throws(FormatError) {
        switch opcode {
        case 0x43: try bytes(Int(try input.byte()))
        case 0x42: try bytes(Int(try input.integer(UInt32.self)))
        case 0x8E, 0x96: try bytes(try input.length())
        case 0x8D: try text(try input.length(), .text)
        case 0x55: try text(Int(try input.byte()), .byteText)
        default:
            let count = Int(try input.integer(Int32.self))
            guard count >= 0 else { throw malformed("the length is negative") }
            try text(count, .byteText)
        }
    }

    private mutating func bytes(_ count: Int) throws(FormatError) {
        try text(count, .bytes)
        guard isScan, count > 2, count < PickleArena.blockThreshold else { return }
        let content = Array(arena.bytes.suffix(count))
        if PickleSignatures.isPickle(content, tail: content) {
            guard nestedByteCount + count <= Self.nestedLimit else { return }
            nestedByteCount += count
            nestedPickles.append((input.offset - count, content))
        }
    }

    mutating func readNumberOrLine() throws(FormatError) {
        switch opcode {
        case 0x8A: try long(Int(try input.byte()))
        case 0x8B:
            let count = Int(try input.integer(Int32.self))
            guard count >= 0 else { throw malformed("the length is negative") }
            try long(count)
        case 0x49, 0x4C: try integerLine()
        case 0x46:
            let text = String(decoding: try input.line(), as: UTF8.self)
            guard let value = Double(text) else { throw malformed("'\(text.prefix(40))' is no number") }
            try make(PickleNode(value))
        case 0x53: try quotedLine()
        default: try content(PickleEscapes.rawUnicode(try input.line()), .text)
        }
    }

    /// A node for bytes that were made here.
    mutating func content(_ bytes: [UInt8], _ tag: PickleTag) throws(FormatError) {
        if bytes.count < PickleArena.blockThreshold {
            let start = arena.bytes.count
            guard start + bytes.count < limits.textByteCount else { throw tooLongTexts() }
            arena.bytes += bytes
            try make(PickleNode(tag, UInt32(truncatingIfNeeded: start), UInt32(truncatingIfNeeded: bytes.count)))
        } else {
            let long: PickleTag = tag == .text ? .longText : tag == .bytes ? .longBytes : .longByteText
            try charge(bytes.count / 16)
            arena.blocks.append(bytes)
            try make(PickleNode(long, UInt32(truncatingIfNeeded: arena.blocks.count - 1)))
        }
    }

    /// A whole number in two's complement.
    private mutating func long(_ count: Int) throws(FormatError) {
        guard count < PickleArena.blockThreshold else {
            note(.medium, "a whole number of \(count) bytes; turning such numbers into text takes Python very long")
            throw FormatError(.limitExceeded, "a whole number of \(count) bytes is not read", at: place)
        }
        guard count > 8 else {
            let bytes = try input.piece(count)
            var value: UInt64 = bytes.last.map { $0 & 0x80 != 0 } == true ? .max : 0
            for byte in bytes.reversed() { value = value << 8 | UInt64(byte) }
            return try make(PickleNode(Int64(bitPattern: value)))
        }
        try text(count, .bigInteger)
    }

    /// `I01`, `I00` are bools; `L` ends with the letter.
    private mutating func integerLine() throws(FormatError) {
        var line = Array(try input.line())
        if opcode == 0x49, line == [0x30, 0x31] { return try push(Self.trueNode) }
        if opcode == 0x49, line == [0x30, 0x30] { return try push(Self.falseNode) }
        if line.last == UInt8(ascii: "L") { line.removeLast() }
        let digits = line.first == UInt8(ascii: "-") ? line.dropFirst() : line[...]
        guard !digits.isEmpty, digits.allSatisfy({ (0x30...0x39).contains($0) }) else {
            throw malformed("the line is no whole number")
        }
        if let value = Int64(String(decoding: line, as: UTF8.self)) { return try make(PickleNode(value)) }
        guard line.count < PickleArena.blockThreshold else {
            note(.medium, "a whole number of \(line.count) digits; reading such numbers takes Python very long")
            throw FormatError(.limitExceeded, "a whole number of \(line.count) digits is not read", at: place)
        }
        try content(line, .bigIntegerText)
    }

    private mutating func quotedLine() throws(FormatError) {
        let line = Array(try input.line())
        guard line.count >= 2, let quote = line.first, quote == line.last, quote == 0x27 || quote == 0x22 else {
            throw malformed("the text has no quotes")
        }
        try content(PickleEscapes.quoted(line[1..<(line.count - 1)]), .byteText)
    }

    mutating func lineNumber() throws(FormatError) -> UInt32 {
        guard let number = UInt32(String(decoding: try input.line(), as: UTF8.self)) else {
            throw malformed("the line is no number of the memo")
        }
        return number
    }
}
