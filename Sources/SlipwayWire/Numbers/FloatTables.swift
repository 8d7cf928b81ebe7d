// SPDX-License-Identifier: Apache-2.0

/// Powers of five and ten for number parsing, computed once with exact integers.
///
/// The memory lives as long as the process.
struct FloatTables: @unchecked Sendable {
    // Unchecked: written only inside the initializer, which `shared` runs once.

    /// The decimal exponents the table of powers of five covers: reading asks from -342 to 308, beyond which every
    /// double is 0 or infinite, and printing from -292 to 324.
    static let exponents = -342...324
    static let shared = FloatTables()

    /// 10^0 to 10^22, which doubles hold exactly.
    let exactPowers: UnsafePointer<Double>
    /// 10^0 to 10^19.
    let smallPowers: UnsafePointer<UInt64>
    /// For each exponent q the highest 128 bits of 5^q, the high word first: rounded down for q >= 0 and for
    /// q < -27, up between.
    private let fives: UnsafePointer<UInt64>
    /// The two digits of each number from 00 to 99, one after another.
    let digitPairs: UnsafePointer<UInt8>

    private init() {
        let exact = UnsafeMutablePointer<Double>.allocate(capacity: 23)
        let small = UnsafeMutablePointer<UInt64>.allocate(capacity: 20)
        var power: UInt64 = 1
        for index in 0..<20 {
            small[index] = power
            // 10^20 does not fit and is not stored.
            power = power &* 10
        }
        // Both factors are exact, and so are their products up to 10^22.
        for index in 0..<23 { exact[index] = Double(small[index / 2]) * Double(small[index - index / 2]) }
        let fives = UnsafeMutablePointer<UInt64>.allocate(capacity: 2 * Self.exponents.count)
        Self.fillPositive(fives)
        Self.fillNegative(fives)
        let pairs = UnsafeMutablePointer<UInt8>.allocate(capacity: 200)
        for number in 0..<100 {
            pairs[2 * number] = 48 + UInt8(number / 10)
            pairs[2 * number + 1] = 48 + UInt8(number % 10)
        }
        digitPairs = UnsafePointer(pairs)
        exactPowers = UnsafePointer(exact)
        smallPowers = UnsafePointer(small)
        self.fives = UnsafePointer(fives)
    }

    /// The highest 128 bits of 5^`exponent`, which must be in ``exponents``.
    @inline(__always)
    func five(_ exponent: Int) -> (high: UInt64, low: UInt64) {
        let index = 2 &* (exponent &- Self.exponents.lowerBound)
        return (fives[index], fives[index &+ 1])
    }

    /// The highest 128 bits of 5^`exponent`, rounded up.
    @inline(__always)
    func ceilingFive(_ exponent: Int) -> (high: UInt64, low: UInt64) {
        let (high, low) = five(exponent)
        // Up to 5^55 the bits are exact, and from -27 to -1 rounded up already.
        guard exponent > 55 || exponent < -27 else { return (high, low) }
        let (sum, carry) = low.addingReportingOverflow(1)
        return (high &+ (carry ? 1 : 0), sum)
    }

    private static func store(_ bits: UInt128, _ exponent: Int, _ table: UnsafeMutablePointer<UInt64>) {
        let index = 2 * (exponent - exponents.lowerBound)
        table[index] = UInt64(truncatingIfNeeded: bits >> 64)
        table[index + 1] = UInt64(truncatingIfNeeded: bits)
    }

    private static func fillPositive(_ table: UnsafeMutablePointer<UInt64>) {
        // 5^324 has 753 bits.
        var number = WideInteger(limbCount: 12, bit: 0)
        for exponent in 0...exponents.upperBound {
            store(number.leading128, exponent, table)
            number.multiplyByFive()
        }
    }

    private static func fillNegative(_ table: UnsafeMutablePointer<UInt64>) {
        // floor(2^1023 / 5^k) for one k after the other: dividing a floor by five is exact again. 5^342 has
        // 795 bits, so that 229 bits remain of the last quotient.
        var number = WideInteger(limbCount: 16, bit: 1023)
        for exponent in stride(from: -1, through: exponents.lowerBound, by: -1) {
            number.divideByFive()
            store(number.leading128 + (exponent >= -27 ? 1 : 0), exponent, table)
        }
    }
}

/// An unsigned integer of fixed width, the lowest limb first.
private struct WideInteger {
    private var limbs: [UInt64]

    /// 2^`bit`.
    init(limbCount: Int, bit: Int) {
        limbs = Array(repeating: 0, count: limbCount)
        limbs[bit / 64] = 1 << UInt64(bit % 64)
    }

    mutating func multiplyByFive() {
        var carry: UInt64 = 0
        for index in limbs.indices {
            let (high, low) = limbs[index].multipliedFullWidth(by: 5)
            let (sum, overflow) = low.addingReportingOverflow(carry)
            limbs[index] = sum
            carry = high + (overflow ? 1 : 0)
        }
    }

    mutating func divideByFive() {
        var remainder: UInt64 = 0
        for index in limbs.indices.reversed() {
            let (quotient, rest) = (5 as UInt64).dividingFullWidth((remainder, limbs[index]))
            limbs[index] = quotient
            remainder = rest
        }
    }

    /// The highest set bit and the 127 below it.
    var leading128: UInt128 {
        guard let top = limbs.lastIndex(where: { $0 != 0 }) else { return 0 }
        func limb(_ index: Int) -> UInt64 { index >= 0 ? limbs[index] : 0 }
        let shift = UInt64(limbs[top].leadingZeroBitCount)
        let high = limb(top) << shift | limb(top - 1) >> (64 - shift)
        let low = limb(top - 1) << shift | limb(top - 2) >> (64 - shift)
        return UInt128(high) << 64 | UInt128(low)
    }
}
