// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A decimal number as it is read, character by character, and correctly rounded.
struct DecimalDigits {
    private enum Part { case sign, zero, whole, point, fraction, exponent, exponentSign, exponentDigits }

    /// Powers of ten that a double holds exactly.
    private static let powers: [Double] = [
        1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
        1e20, 1e21, 1e22,
    ]

    private var isNegative = false
    /// Without the sign; kept from number to number so that its memory is.
    private(set) var text: [UInt8] = []
    private var part = Part.sign
    /// All digits as one integer, for as long as it fits.
    private var digits: UInt64 = 0
    private var isExact = true
    private var fractionCount = 0
    private var exponent = 0
    private var exponentIsNegative = false

    init() { text.reserveCapacity(32) }

    /// Forgets the number before.
    mutating func start(isNegative: Bool) {
        self.isNegative = isNegative
        text.removeAll(keepingCapacity: true)
        part = .sign
        (digits, isExact, fractionCount) = (0, true, 0)
        (exponent, exponentIsNegative) = (0, false)
    }

    /// Takes a character where one like it may stand.
    mutating func take(_ byte: UInt8) -> Bool {
        switch (byte, part) {
        case (UInt8(ascii: "0"), .sign): part = .zero
        case (UInt8(ascii: "1")...UInt8(ascii: "9"), .sign), (UInt8(ascii: "0")...UInt8(ascii: "9"), .whole):
            part = .whole
        case (UInt8(ascii: "."), .zero), (UInt8(ascii: "."), .whole): part = .point
        case (UInt8(ascii: "0")...UInt8(ascii: "9"), .point), (UInt8(ascii: "0")...UInt8(ascii: "9"), .fraction):
            part = .fraction
        case (UInt8(ascii: "e"), .zero), (UInt8(ascii: "e"), .whole), (UInt8(ascii: "e"), .fraction),
            (UInt8(ascii: "E"), .zero), (UInt8(ascii: "E"), .whole), (UInt8(ascii: "E"), .fraction):
            part = .exponent
        case (UInt8(ascii: "+"), .exponent), (UInt8(ascii: "-"), .exponent): part = .exponentSign
        case (UInt8(ascii: "0")...UInt8(ascii: "9"), .exponent), (UInt8(ascii: "0")...UInt8(ascii: "9"), .exponentSign),
            (UInt8(ascii: "0")...UInt8(ascii: "9"), .exponentDigits):
            part = .exponentDigits
        default: return false
        }
        text.append(byte)
        note(byte)
        return true
    }

    private mutating func note(_ byte: UInt8) {
        switch part {
        case .zero, .whole, .fraction:
            let (tens, over) = digits.multipliedReportingOverflow(by: 10)
            let (sum, carry) = tens.addingReportingOverflow(UInt64(byte &- UInt8(ascii: "0")))
            if over || carry { isExact = false } else { digits = sum }
            if part == .fraction { fractionCount += 1 }
        case .exponentSign: exponentIsNegative = byte == UInt8(ascii: "-")
        case .exponentDigits: exponent = min(exponent * 10 + Int(byte &- UInt8(ascii: "0")), 100_000)
        default: break
        }
    }

    /// The number; `nil` where it is not complete.
    mutating func value() -> StructuredValue? {
        switch part {
        case .zero, .whole:
            // Minus zero is no integer.
            if isExact, digits <= UInt64(Int64.max), !(isNegative && digits == 0) {
                return .integer(isNegative ? -Int64(digits) : Int64(digits))
            }
            return .number(double())
        case .fraction, .exponentDigits: return .number(double())
        default: return nil
        }
    }

    private mutating func double() -> Double {
        let power = (exponentIsNegative ? -exponent : exponent) - fractionCount
        if isExact, digits <= 1 << 53, power >= -22, power <= 22 {
            // Both are exact, so that the one operation rounds correctly (Clinger 1990).
            let value = power < 0 ? Double(digits) / Self.powers[-power] : Double(digits) * Self.powers[power]
            return isNegative ? -value : value
        }
        text.append(0)
        let value = text.withUnsafeBufferPointer { buffer in
            buffer.withMemoryRebound(to: CChar.self) { $0.baseAddress.map { strtod($0, nil) } ?? 0 }
        }
        return isNegative ? -value : value
    }
}
