// SPDX-License-Identifier: Apache-2.0

/// Well-formed UTF-8 as the Unicode standard's table 3-7 draws it.
enum UTF8Sequence {
    /// The length of the sequence at `bytes`, 1 to 4; 0 when it is not well-formed.
    @inline(__always)
    static func length(at bytes: UnsafePointer<UInt8>, end: UnsafePointer<UInt8>) -> Int {
        let available = end - bytes
        guard available > 0 else { return 0 }
        let first = bytes[0]
        if first < 0x80 { return 1 }
        func continues(_ index: Int) -> Bool { bytes[index] & 0xC0 == 0x80 }
        switch first {
        case 0xC2...0xDF:
            return available >= 2 && continues(1) ? 2 : 0
        case 0xE0...0xEF:
            guard available >= 3, continues(1), continues(2) else { return 0 }
            // 0xE0 would be overlong below 0xA0; 0xED would be a surrogate from 0xA0 on.
            if first == 0xE0 { return bytes[1] >= 0xA0 ? 3 : 0 }
            if first == 0xED { return bytes[1] < 0xA0 ? 3 : 0 }
            return 3
        case 0xF0...0xF4:
            guard available >= 4, continues(1), continues(2), continues(3) else { return 0 }
            if first == 0xF0 { return bytes[1] >= 0x90 ? 4 : 0 }
            if first == 0xF4 { return bytes[1] < 0x90 ? 4 : 0 }
            return 4
        default:
            return 0
        }
    }

    /// Whether all of `text` is well-formed.
    static func isValid(_ text: UnsafeRawBufferPointer) -> Bool {
        guard let base = text.baseAddress else { return true }
        var position = base.assumingMemoryBound(to: UInt8.self)
        let end = position + text.count
        while position < end {
            let length = length(at: position, end: end)
            guard length > 0 else { return false }
            position += length
        }
        return true
    }
}
