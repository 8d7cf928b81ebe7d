// SPDX-License-Identifier: Apache-2.0

/// How protocol 0 writes texts in lines.
enum PickleEscapes {
    /// Python's `raw-unicode-escape`: Latin-1 with `\uXXXX` and `\UXXXXXXXX`; as UTF-8.
    static func rawUnicode(_ line: UnsafeBufferPointer<UInt8>) -> [UInt8] {
        var result = ""
        var index = 0
        while index < line.count {
            let byte = line[index]
            if byte == 0x5C, index + 1 < line.count, line[index + 1] == 0x75 || line[index + 1] == 0x55 {
                let width = line[index + 1] == 0x75 ? 4 : 8
                let digits = line[min(index + 2, line.count)..<min(index + 2 + width, line.count)]
                if digits.count == width, let code = UInt32(String(decoding: digits, as: UTF8.self), radix: 16) {
                    result.unicodeScalars.append(Unicode.Scalar(code) ?? "\u{FFFD}")
                    index += 2 + width
                    continue
                }
            }
            result.unicodeScalars.append(Unicode.Scalar(byte))
            index += 1
        }
        return Array(result.utf8)
    }

    /// The inside of a quoted text as Python's `repr` writes bytes; unknown escapes stay as they are.
    static func quoted(_ line: ArraySlice<UInt8>) -> [UInt8] {
        let plain: [UInt8: UInt8] = [
            0x5C: 0x5C, 0x27: 0x27, 0x22: 0x22, 0x61: 7, 0x62: 8, 0x66: 12, 0x6E: 10, 0x72: 13, 0x74: 9, 0x76: 11,
        ]
        var result: [UInt8] = []
        var rest = line
        while let byte = rest.popFirst() {
            guard byte == 0x5C, let next = rest.first else {
                result.append(byte)
                continue
            }
            if let value = plain[next] {
                result.append(value)
                rest = rest.dropFirst()
            } else if next == 0x78,
                let value = UInt8(String(decoding: rest.dropFirst().prefix(2), as: UTF8.self), radix: 16)
            {
                result.append(value)
                rest = rest.dropFirst(3)
            } else if (0x30...0x37).contains(next) {
                let digits = rest.prefix(3).prefix { (0x30...0x37).contains($0) }
                let value = digits.reduce(0) { $0 * 8 + Int($1 - 0x30) }
                result.append(UInt8(truncatingIfNeeded: value))
                rest = rest.dropFirst(digits.count)
            } else {
                result.append(byte)
            }
        }
        return result
    }
}
