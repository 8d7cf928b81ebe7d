// SPDX-License-Identifier: Apache-2.0

/// Makes whole characters of bytes that come in pieces; U+FFFD of what is not UTF-8.
///
/// What is replaced is what Unicode recommends (section 3.9, maximal subparts): the text is the same as if all bytes
/// had been decoded at once.
struct CharacterAssembly: Sendable {
    /// The beginning of a character, at most three bytes.
    private var pending: [UInt8] = []

    private static let replacement: [UInt8] = [0xEF, 0xBF, 0xBD]

    /// - Returns: UTF-8.
    mutating func append(_ bytes: [UInt8]) -> [UInt8] {
        if pending.isEmpty, bytes.allSatisfy({ $0 < 0x80 }) { return bytes }
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count + 3)
        for byte in bytes { take(byte, &text) }
        return text
    }

    /// - Returns: What stands for the beginning of a character that never ended.
    mutating func finish() -> [UInt8] {
        defer { pending.removeAll() }
        return pending.isEmpty ? [] : Self.replacement
    }

    private mutating func take(_ byte: UInt8, _ text: inout [UInt8]) {
        if let first = pending.first {
            let isSecond = pending.count == 1
            if isSecond ? Self.second(after: first).contains(byte) : byte & 0xC0 == 0x80 {
                pending.append(byte)
                if pending.count == Self.length(from: first) {
                    text.append(contentsOf: pending)
                    pending.removeAll(keepingCapacity: true)
                }
                return
            }
            text.append(contentsOf: Self.replacement)
            pending.removeAll(keepingCapacity: true)
        }
        switch Self.length(from: byte) {
        case 1: text.append(byte)
        case 0: text.append(contentsOf: Self.replacement)
        default: pending.append(byte)
        }
    }

    /// Of the character that begins with `first`; 0 where none does.
    private static func length(from first: UInt8) -> Int {
        switch first {
        case ..<0x80: 1
        case 0xC2...0xDF: 2
        case 0xE0...0xEF: 3
        case 0xF0...0xF4: 4
        default: 0
        }
    }

    /// The second bytes of well-formed characters (Unicode, table 3-7).
    private static func second(after first: UInt8) -> ClosedRange<UInt8> {
        switch first {
        case 0xE0: 0xA0...0xBF
        case 0xED: 0x80...0x9F
        case 0xF0: 0x90...0xBF
        case 0xF4: 0x80...0x8F
        default: 0x80...0xBF
        }
    }
}
