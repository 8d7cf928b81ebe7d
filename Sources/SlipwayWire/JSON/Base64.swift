// SPDX-License-Identifier: Apache-2.0

/// Base64 with the standard alphabet (RFC 4648, section 4).
package enum Base64 {
    /// Appends the bytes that `text` stands for; padding may be left out.
    ///
    /// - Returns: `false` when `text` is not base64; what was appended until then is left there.
    package static func append(decoding text: UnsafeRawBufferPointer, to bytes: inout [UInt8]) -> Bool {
        var count = text.count
        while count > 0, text.count - count < 2, text[count - 1] == UInt8(ascii: "=") { count -= 1 }
        // Padding fills a group of four, so it cannot stand after a whole one.
        guard count % 4 != 1, count == text.count || text.count % 4 == 0 else { return false }
        var buffer: UInt32 = 0
        var bits = 0
        for index in 0..<count {
            guard let value = value(of: text[index]) else { return false }
            buffer = buffer << 6 | value
            bits += 6
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: buffer >> UInt32(bits)))
            }
        }
        // Bits that belong to no byte must be zero, else two texts would stand for the same bytes.
        return buffer & ((1 << UInt32(bits)) - 1) == 0
    }

    /// Appends `bytes` as padded base64.
    package static func append(encoding bytes: UnsafeRawBufferPointer, to text: inout [UInt8]) {
        var index = 0
        while index < bytes.count {
            let rest = min(3, bytes.count - index)
            var group: UInt32 = 0
            for position in 0..<3 { group = group << 8 | (position < rest ? UInt32(bytes[index + position]) : 0) }
            for position in 0..<4 {
                let digit = UInt8(truncatingIfNeeded: group >> UInt32(18 - 6 * position)) & 63
                text.append(position <= rest ? letter(of: digit) : UInt8(ascii: "="))
            }
            index += 3
        }
    }

    private static func value(of letter: UInt8) -> UInt32? {
        switch letter {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(letter) - 65
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(letter) - 71
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(letter) + 4
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }

    private static func letter(of value: UInt8) -> UInt8 {
        switch value {
        case 0..<26: value + 65
        case 26..<52: value + 71
        case 52..<62: value - 4
        case 62: UInt8(ascii: "+")
        default: UInt8(ascii: "/")
        }
    }
}

extension JSONScanner {
    /// Whether the next value is an object that begins with the member `b64`.
    func isAtBase64() -> Bool {
        var probe = self
        guard probe.peek() == .openBrace else { return false }
        probe.cursor += 1
        return probe.peek() == .quote && probe.literal("\"b64\"")
    }

    /// Reads `{"b64":"..."}` and appends the bytes it stands for.
    mutating func base64(into bytes: inout [UInt8]) throws(WireError) {
        let place = "byte \(offset)"
        try beginObject()
        var isFirst = true
        guard try nextKey(isFirst: &isFirst) == "b64", peek() == .quote else {
            throw WireError(.invalidTensor, "expected a string or {\"b64\": string}, got another object", at: place)
        }
        let token = try stringToken()
        let isValid: Bool
        if token.hasEscapes {
            var text: [UInt8] = []
            Self.unescape(token, into: &text)
            isValid = text.withUnsafeBytes { Base64.append(decoding: $0, to: &bytes) }
        } else {
            isValid = Base64.append(decoding: token.content, to: &bytes)
        }
        guard isValid else {
            throw WireError(.invalidTensor, "the value of 'b64' is not standard base64", at: place)
        }
        guard try nextKey(isFirst: &isFirst) == nil else {
            throw WireError(.invalidTensor, "expected {\"b64\": string} to have one member, got more", at: place)
        }
    }
}
