// SPDX-License-Identifier: Apache-2.0

/// An IEEE 754 binary format, and the nearest of its values to a decimal number.
///
/// The method is D. Lemire's, "Number parsing at a gigabyte per second" (2021), in the form that
/// N. Mushtak and D. Lemire proved to need no fallback ("Fast number parsing without fallback", 2023).
struct BinaryLayout {
    /// Bits of the stored fraction.
    let fractionBits: Int
    /// What the format adds to an exponent to store it.
    let bias: Int
    /// The stored exponent of infinity.
    let infiniteExponent: Int
    /// The powers of ten with which a number of 64 bits can lie exactly between two values.
    let tieExponents: ClosedRange<Int>
    /// Below the first every number of 64 bits rounds to zero, above the last every one is infinite.
    let exponents: ClosedRange<Int>

    static let double = BinaryLayout(
        fractionBits: 52, bias: 1023, infiniteExponent: 0x7FF, tieExponents: -4...23, exponents: -342...308)
    static let float = BinaryLayout(
        fractionBits: 23, bias: 127, infiniteExponent: 0xFF, tieExponents: -17...10, exponents: -64...38)

    /// The bits, sign bit zero, of the value nearest to `significand * 10^exponent`, ties to even.
    @inline(__always)
    func nearest(_ significand: UInt64, _ exponent: Int, _ tables: FloatTables) -> UInt64 {
        guard significand != 0, exponent >= exponents.lowerBound else { return 0 }
        let infinity = UInt64(infiniteExponent) << UInt64(fractionBits)
        guard exponent <= exponents.upperBound else { return infinity }

        let leadingZeros = significand.leadingZeroBitCount
        let product = multiply(significand &<< UInt64(leadingZeros), tables.five(exponent))
        let upperBit = Int(product.high &>> 63)
        // The fraction, its leading one and one bit more to round by.
        let shift = UInt64(truncatingIfNeeded: upperBit + 64 - fractionBits - 3)
        var mantissa = product.high &>> shift
        // floor(log2(10^exponent)), by a fixed-point logarithm that is exact over the table.
        let binary = ((152_170 + 65_536) &* exponent) &>> 16 &+ 63
        var stored = binary + upperBit - leadingZeros + bias

        if stored <= 0 {
            guard 1 - stored < 64 else { return 0 }
            mantissa &>>= UInt64(truncatingIfNeeded: 1 - stored)
            mantissa = (mantissa + (mantissa & 1)) >> 1
            // Rounding up may have reached the smallest normal value, whose bits come out right by themselves.
            return mantissa
        }
        if product.low <= 1, tieExponents.contains(exponent), mantissa & 3 == 1,
            mantissa &<< shift == product.high
        {
            // Exactly between two values, and the lower one is even.
            mantissa &= ~1
        }
        mantissa = (mantissa + (mantissa & 1)) >> 1
        if mantissa >= 2 << UInt64(fractionBits) {
            mantissa = 1 << UInt64(fractionBits)
            stored += 1
        }
        guard stored < infiniteExponent else { return infinity }
        let fraction = mantissa & ((1 << UInt64(fractionBits)) - 1)
        return UInt64(stored) << UInt64(fractionBits) | fraction
    }

    /// The highest 128 bits of the product, exact as far as rounding needs them.
    @inline(__always)
    private func multiply(_ factor: UInt64, _ five: (high: UInt64, low: UInt64)) -> (high: UInt64, low: UInt64) {
        var (high, low) = factor.multipliedFullWidth(by: five.high)
        let undecided = UInt64.max &>> UInt64(fractionBits + 3)
        if high & undecided == undecided {
            let carry = factor.multipliedFullWidth(by: five.low).high
            low = low &+ carry
            if carry > low { high = high &+ 1 }
        }
        return (high, low)
    }
}
