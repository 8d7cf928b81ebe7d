// SPDX-License-Identifier: Apache-2.0

/// A JSON number as it is written: a decimal significand and a power of ten, still exact.
struct DecimalToken {
    /// The first 19 significant digits at most, as an integer.
    var significand: UInt64
    /// The value is `significand * 10^exponent`, plus what ``isTruncated`` left out.
    var exponent: Int
    var isNegative: Bool
    /// Written with neither a fraction nor an exponent.
    var isInteger: Bool
    /// Digits that are not all zero follow the significand's.
    var isTruncated = false

    /// Reads the number at `cursor` and moves past it; `nil` and no move when there is no number as RFC 8259
    /// writes them.
    ///
    /// The bytes before `end` must hold one that no number holds, as the closing bracket of a document does.
    @inline(__always)
    init?(
        _ cursor: inout UnsafePointer<UInt8>, end: UnsafePointer<UInt8>, _ tables: FloatTables = .shared
    ) {
        guard cursor < end else { return nil }
        var p = cursor
        isNegative = p.pointee == .minus
        // Signs come at random: adding saves the branch.
        p += isNegative ? 1 : 0
        let firstDigit = p
        let leading = p.pointee &- 48
        guard leading <= 9 else { return nil }
        significand = UInt64(leading)
        p += 1
        if p.pointee &- 48 <= 9 {
            guard leading != 0 else { return nil }
            Digits.append(&p, end: end, to: &significand, tables)
        }
        var digitCount = p - firstDigit
        isInteger = true
        exponent = 0
        if p.pointee == .dot {
            isInteger = false
            p += 1
            let firstFraction = p
            Digits.append(&p, end: end, to: &significand, tables)
            guard p != firstFraction else { return nil }
            exponent = firstFraction - p
            digitCount -= exponent
        }
        if p.pointee | 0x20 == UInt8(ascii: "e") {
            isInteger = false
            guard let written = Digits.exponent(&p) else { return nil }
            exponent += written
        }
        if digitCount > 19 { shorten(firstDigit, p) }
        cursor = p
    }

    /// Reads the digits again, of which there are too many for 64 bits, and keeps the first 19 that count.
    private mutating func shorten(_ first: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>) {
        var p = first
        var kept = 0
        var dropped = 0
        significand = 0
        while p < end {
            let byte = p.pointee
            p += 1
            if byte == .dot { continue }
            let digit = byte &- 48
            guard digit <= 9 else { break }
            if kept < 19 {
                significand = significand * 10 + UInt64(digit)
                if significand != 0 { kept += 1 }
            } else {
                dropped += 1
                if digit != 0 { isTruncated = true }
            }
        }
        // `exponent` counted every fraction digit already; the dropped digits shift the value back up.
        exponent += dropped
    }
}

/// Runs of digits, eight at a time.
enum Digits {
    /// Appends the digits at `p` to `value`, wrapping around when there are too many, and moves past them.
    ///
    /// One pass handles up to eight digits without a branch on how many there are, which is what makes
    /// numbers of varying length cheap.
    @inline(__always)
    static func append(
        _ p: inout UnsafePointer<UInt8>, end: UnsafePointer<UInt8>, to value: inout UInt64, _ tables: FloatTables
    ) {
        while end - p >= 8 {
            let word = UnsafeRawPointer(p).loadUnaligned(as: UInt64.self).littleEndian ^ 0x3030_3030_3030_3030
            // The high bit of a byte is set from the first byte on that is not 0 to 9.
            let stops = ((word &+ 0x7676_7676_7676_7676) | word) & 0x8080_8080_8080_8080
            if stops == 0 {
                value = value &* 100_000_000 &+ eight(word)
                p += 8
                continue
            }
            let bits = stops.trailingZeroBitCount & ~7
            // Shifting by 64 in two steps: no digits leave nothing.
            let aligned = (word &<< 8) &<< UInt64(truncatingIfNeeded: 56 &- bits)
            value = value &* tables.smallPowers[bits &>> 3] &+ (bits == 0 ? 0 : eight(aligned))
            p += bits &>> 3
            return
        }
        while p < end, p.pointee &- 48 <= 9 {
            value = value &* 10 &+ UInt64(p.pointee &- 48)
            p += 1
        }
    }

    /// Eight digit values, the first in the lowest byte, as one number.
    @inline(__always)
    private static func eight(_ digits: UInt64) -> UInt64 {
        let pairs = digits &* 10 &+ digits &>> 8
        let low = (pairs & 0x0000_00FF_0000_00FF) &* 0x000F_4240_0000_0064
        let high = (pairs &>> 16 & 0x0000_00FF_0000_00FF) &* 0x0000_2710_0000_0001
        return (low &+ high) &>> 32
    }

    /// Reads `e`, a sign and digits; far beyond any float's range the value stops growing.
    static func exponent(_ p: inout UnsafePointer<UInt8>) -> Int? {
        p += 1
        let isNegative = p.pointee == .minus
        if isNegative || p.pointee == UInt8(ascii: "+") { p += 1 }
        guard p.pointee &- 48 <= 9 else { return nil }
        var value = 0
        while p.pointee &- 48 <= 9 {
            if value < 1_000_000_000 { value = value * 10 + Int(p.pointee &- 48) }
            p += 1
        }
        return isNegative ? -value : value
    }
}
