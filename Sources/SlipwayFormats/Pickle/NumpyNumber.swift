// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// One number of a numpy array or scalar.
enum NumpyNumber {
    case integer(Int64)
    /// Beyond `Int64`.
    case unsigned(UInt64)
    case float(Double)

    /// `nil` when the bytes do not have the type's size.
    init?(_ bytes: [UInt8], _ type: ElementType, isBigEndian: Bool) {
        guard let width = type.byteWidth, bytes.count == width else { return nil }
        let ordered = isBigEndian ? bytes.reversed() : bytes
        let bits = ordered.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        switch type {
        case .bool: self = .integer(bits == 0 ? 0 : 1)
        case .int8: self = .integer(Int64(Int8(truncatingIfNeeded: bits)))
        case .int16: self = .integer(Int64(Int16(truncatingIfNeeded: bits)))
        case .int32: self = .integer(Int64(Int32(truncatingIfNeeded: bits)))
        case .int64: self = .integer(Int64(bitPattern: bits))
        case .uint8, .uint16, .uint32: self = .integer(Int64(bits))
        case .uint64: self = Int64(exactly: bits).map { .integer($0) } ?? .unsigned(bits)
        case .float16: self = .float(Double(NumpyNumber.float(half: UInt16(truncatingIfNeeded: bits))))
        case .bfloat16: self = .float(Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits) << 16)))
        case .float32: self = .float(Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits))))
        case .float64: self = .float(Double(bitPattern: bits))
        case .bytes: return nil
        }
    }

    /// A 16-bit float of IEEE 754, exactly.
    static func float(half bits: UInt16) -> Float {
        let sign: Float = bits & 0x8000 == 0 ? 1 : -1
        let exponent = Int(bits >> 10 & 0x1F)
        let fraction = Float(bits & 0x3FF)
        switch exponent {
        case 0: return sign * fraction * 0x1p-24
        case 31: return fraction == 0 ? sign * .infinity : .nan
        default: return sign * Float(sign: .plus, exponent: exponent - 15, significand: 1 + fraction / 1024)
        }
    }

    var double: Double {
        switch self {
        case .integer(let value): Double(value)
        case .unsigned(let value): Double(value)
        case .float(let value): value
        }
    }
}

/// Text of fixed width, UTF-32, without its padding.
enum NumpyText {
    static func utf8(_ bytes: [UInt8], isBigEndian: Bool) throws(FormatError) -> [UInt8] {
        var text = ""
        var pendingNULs = 0
        for offset in stride(from: 0, to: bytes.count - 3, by: 4) {
            let part = bytes[offset..<(offset + 4)]
            let code = (isBigEndian ? Array(part) : part.reversed()).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            guard code != 0 else {
                pendingNULs += 1
                continue
            }
            guard let scalar = Unicode.Scalar(code) else {
                throw FormatError(.malformed, "the array holds a code point that Unicode does not have")
            }
            while pendingNULs > 0 {
                text.unicodeScalars.append("\0")
                pendingNULs -= 1
            }
            text.unicodeScalars.append(scalar)
        }
        return Array(text.utf8)
    }
}
