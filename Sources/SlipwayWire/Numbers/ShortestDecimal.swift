// SPDX-License-Identifier: Apache-2.0

/// The shortest decimal number that rounds to a given binary float, and of those the nearest to it.
///
/// The method is R. Giulietti's, "The Schubfach way to render doubles" (2021).
struct ShortestDecimal {
    /// Without zeros at its end when the value is no whole number.
    private(set) var digits: UInt64
    /// The value is `digits * 10^exponent`.
    private(set) var exponent: Int

    /// - Parameters:
    ///   - fraction: The stored fraction.
    ///   - stored: The stored exponent; not the highest, which stands for infinity and NaN.
    ///   - fractionBits: The fraction's width, 52 at most.
    ///   - bias: What the format adds to exponents.
    @inline(__always)
    init(fraction: UInt64, stored: Int, fractionBits: Int, bias: Int, _ tables: FloatTables) {
        let significand = stored == 0 ? fraction : fraction | 1 << UInt64(fractionBits)
        let power = max(stored, 1) - bias - fractionBits
        guard significand != 0 else {
            digits = 0
            exponent = 0
            return
        }
        if power <= 0, power >= -fractionBits, significand.trailingZeroBitCount >= -power {
            // A whole number that the format holds exactly.
            digits = significand >> UInt64(-power)
            exponent = 0
            return
        }
        if power > 0, power + fractionBits < 17 {
            // A whole number below 2^17 of a 16-bit format: exactly, where fewer digits would do but look wrong.
            digits = significand << UInt64(power)
            exponent = 0
            return
        }
        // The interval that rounds to the value, in quarters of its last bit; below a power of two it is
        // half as wide.
        let isNarrow = fraction == 0 && stored > 1
        let isOdd = significand & 1
        let center = 4 &* significand
        let scale = isNarrow ? (power &* 1_262_611 &- 524_031) >> 22 : (power &* 1_262_611) >> 22
        let shift = UInt64(truncatingIfNeeded: power &+ ((-scale &* 1_741_647) >> 19) &+ 1)
        let five = tables.ceilingFive(-scale)
        let low = Self.scaled(center &- (isNarrow ? 1 : 2), shift, five) &+ isOdd
        let middle = Self.scaled(center, shift, five)
        let high = Self.scaled(center &+ 2, shift, five) &- isOdd

        let whole = middle >> 2
        if whole >= 10 {
            // One digit fewer, when exactly one such number lies inside.
            let tens = whole / 10
            let below = low <= 40 &* tens
            let above = 40 &* tens &+ 40 <= high
            if below != above {
                digits = above ? tens &+ 1 : tens
                exponent = scale &+ 1
                trim()
                return
            }
        }
        let below = low <= 4 &* whole
        let above = 4 &* whole &+ 4 <= high
        let rest = middle & 3
        let isUp = below != above ? above : rest > 2 || (rest == 2 && whole & 1 == 1)
        digits = isUp ? whole &+ 1 : whole
        exponent = scale
        trim()
    }

    /// `value * 2^shift * five`, of which the lowest bit also stands for all that lies below it.
    @inline(__always)
    private static func scaled(_ value: UInt64, _ shift: UInt64, _ five: (high: UInt64, low: UInt64)) -> UInt64 {
        let factor = value &<< shift
        let carry = factor.multipliedFullWidth(by: five.low).high
        let (high, low) = factor.multipliedFullWidth(by: five.high)
        let (sum, overflow) = low.addingReportingOverflow(carry)
        return (high &+ (overflow ? 1 : 0)) | (sum > 1 ? 1 : 0)
    }

    @inline(__always)
    private mutating func trim() {
        while digits % 10 == 0, digits != 0 {
            digits /= 10
            exponent &+= 1
        }
    }
}
