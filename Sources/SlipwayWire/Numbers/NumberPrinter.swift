// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// Writes numbers as JSON text, at most ``maximumLength`` bytes each.
enum NumberPrinter {
    /// A sign, a leading zero, a point, five zeros and 17 digits are 25 bytes; the longest integer has 20.
    static let maximumLength = 32

    /// Writes `number` at `target` and returns the address behind it.
    @inline(__always)
    static func write<I: FixedWidthInteger>(
        _ number: I, to target: UnsafeMutablePointer<UInt8>, _ tables: FloatTables
    ) -> UnsafeMutablePointer<UInt8> {
        var target = target
        if number < 0 {
            target.pointee = .minus
            target += 1
        }
        return digits(UInt64(truncatingIfNeeded: number.magnitude), target, tables)
    }

    /// The shortest text that reads back as the same value of the same type; NaN, Infinity or -Infinity for what
    /// JSON has no number for.
    @inline(__always)
    static func write<F: PrintableFloat>(
        _ number: F, to target: UnsafeMutablePointer<UInt8>, _ tables: FloatTables
    ) -> UnsafeMutablePointer<UInt8> {
        var target = target
        let parts = number.parts
        if parts.isNegative, parts.isFinite || parts.fraction == 0 {
            target.pointee = .minus
            target += 1
        }
        guard parts.isFinite else { return token(parts.fraction == 0 ? "Infinity" : "NaN", target) }
        let decimal = ShortestDecimal(
            fraction: parts.fraction, stored: parts.stored, fractionBits: F.fractionBits, bias: F.bias, tables)
        return decimalText(decimal, target, tables)
    }

    private static func token(
        _ text: StaticString, _ target: UnsafeMutablePointer<UInt8>
    ) -> UnsafeMutablePointer<UInt8> {
        target.update(from: text.utf8Start, count: text.utf8CodeUnitCount)
        return target + text.utf8CodeUnitCount
    }

    /// Numbers from 0.00001 to below 10^16 without an exponent, whole ones with `.0`.
    private static func decimalText(
        _ decimal: ShortestDecimal, _ target: UnsafeMutablePointer<UInt8>, _ tables: FloatTables
    ) -> UnsafeMutablePointer<UInt8> {
        let count = length(decimal.digits, tables)
        // Digits before the point.
        let whole = count + decimal.exponent
        if decimal.exponent >= 0, whole <= 16 {
            var end = digits(decimal.digits, target, tables)
            for _ in 0..<decimal.exponent {
                end.pointee = 48
                end += 1
            }
            end[0] = .dot
            end[1] = 48
            return end + 2
        }
        if whole > 0, whole <= 16 {
            let end = digits(decimal.digits, target + 1, tables)
            target.update(from: target + 1, count: whole)
            target[whole] = .dot
            return end
        }
        if whole <= 0, whole > -5 {
            target[0] = 48
            target[1] = .dot
            for index in 0..<(-whole) { target[2 + index] = 48 }
            return digits(decimal.digits, target + 2 - whole, tables)
        }
        var end = digits(decimal.digits, target + 1, tables)
        target[0] = target[1]
        if count > 1 { target[1] = .dot } else { end -= 1 }
        end.pointee = UInt8(ascii: "e")
        return write(whole - 1, to: end + 1, tables)
    }

    /// The number of decimal digits, 1 for zero.
    @inline(__always)
    private static func length(_ number: UInt64, _ tables: FloatTables) -> Int {
        // 1233 / 4096 is just above log10(2): the guess is right or one too high.
        let guess = ((64 - (number | 1).leadingZeroBitCount) * 1233) >> 12
        return (number | 1) < tables.smallPowers[guess] ? guess : guess + 1
    }

    @inline(__always)
    private static func digits(
        _ number: UInt64, _ target: UnsafeMutablePointer<UInt8>, _ tables: FloatTables
    ) -> UnsafeMutablePointer<UInt8> {
        let end = target + length(number, tables)
        var place = end
        var rest = number
        while rest >= 100 {
            let (quotient, pair) = rest.quotientAndRemainder(dividingBy: 100)
            place -= 2
            place[0] = tables.digitPairs[2 &* Int(truncatingIfNeeded: pair)]
            place[1] = tables.digitPairs[2 &* Int(truncatingIfNeeded: pair) &+ 1]
            rest = quotient
        }
        if rest >= 10 {
            place[-2] = tables.digitPairs[2 &* Int(truncatingIfNeeded: rest)]
            place[-1] = tables.digitPairs[2 &* Int(truncatingIfNeeded: rest) &+ 1]
        } else {
            place[-1] = 48 + UInt8(truncatingIfNeeded: rest)
        }
        return end
    }
}

/// A binary float taken apart into what is stored.
protocol PrintableFloat: TensorElement {
    static var fractionBits: Int { get }
    static var bias: Int { get }
    var parts: (fraction: UInt64, stored: Int, isNegative: Bool, isFinite: Bool) { get }
}

extension PrintableFloat {
    @inline(__always)
    fileprivate func split(_ bits: UInt64) -> (fraction: UInt64, stored: Int, isNegative: Bool, isFinite: Bool) {
        let exponentMask = 2 * Self.bias + 1
        let stored = Int(truncatingIfNeeded: bits >> UInt64(Self.fractionBits)) & exponentMask
        return (
            bits & ((1 << UInt64(Self.fractionBits)) - 1), stored,
            bits >> UInt64(8 * MemoryLayout<Self>.size - 1) == 1, stored != exponentMask
        )
    }
}

extension Double: PrintableFloat {
    static var fractionBits: Int { 52 }
    static var bias: Int { 1023 }
    var parts: (fraction: UInt64, stored: Int, isNegative: Bool, isFinite: Bool) { split(bitPattern) }
}

extension Float: PrintableFloat {
    static var fractionBits: Int { 23 }
    static var bias: Int { 127 }
    var parts: (fraction: UInt64, stored: Int, isNegative: Bool, isFinite: Bool) { split(UInt64(bitPattern)) }
}

extension Float16: PrintableFloat {
    static var fractionBits: Int { 10 }
    static var bias: Int { 15 }
    var parts: (fraction: UInt64, stored: Int, isNegative: Bool, isFinite: Bool) { split(UInt64(bitPattern)) }
}

extension BFloat16: PrintableFloat {
    static var fractionBits: Int { 7 }
    static var bias: Int { 127 }
    var parts: (fraction: UInt64, stored: Int, isNegative: Bool, isFinite: Bool) { split(UInt64(bitPattern)) }
}
