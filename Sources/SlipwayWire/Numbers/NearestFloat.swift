// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The binary float nearest to a decimal number, ties to even, for each of the tensor types.
///
/// Three steps, each exact, the cheapest first: a product or quotient of two doubles that hold their values
/// exactly (W. D. Clinger, "How to read floating point numbers accurately", 1990); a 64 x 128 bit product
/// (D. Lemire, "Number parsing at a gigabyte per second", 2021); the C library for numbers of more than
/// 19 digits that lie too near the middle between two floats.
enum NearestFloat {
    /// The largest integer up to which doubles hold every integer.
    static let exactIntegers: UInt64 = 1 << 53

    @inline(__always)
    static func double(_ token: DecimalToken, text: UnsafeRawBufferPointer, _ tables: FloatTables) -> Double {
        if let exact = exactQuotient(token, tables) { return exact }
        return slowDouble(token, text: text, tables)
    }

    @inline(__always)
    static func float(_ token: DecimalToken, text: UnsafeRawBufferPointer, _ tables: FloatTables) -> Float {
        // The double is the nearest to the number, so rounding it once more can go wrong only where it lies
        // exactly in the middle between two floats: its 29 lowest bits then are a one and zeros.
        if let wide = exactQuotient(token, tables), wide.bitPattern & 0x1FFF_FFFF != 0x1000_0000 {
            return Float(wide)
        }
        return slowFloat(token, text: text, tables)
    }

    /// The nearest double to a number of at most 53 bits and a small power of ten; `nil` for others.
    @inline(__always)
    private static func exactQuotient(_ token: DecimalToken, _ tables: FloatTables) -> Double? {
        guard token.significand <= exactIntegers, !token.isTruncated,
            UInt(bitPattern: token.exponent &+ 22) <= 44
        else { return nil }
        let integer = Double(Int64(truncatingIfNeeded: token.significand))
        let value =
            token.exponent < 0
            ? integer / tables.exactPowers[0 &- token.exponent] : integer * tables.exactPowers[token.exponent]
        return Double(bitPattern: value.bitPattern | (token.isNegative ? 1 << 63 : 0))
    }

    @inline(never)
    private static func slowDouble(
        _ token: DecimalToken, text: UnsafeRawBufferPointer, _ tables: FloatTables
    ) -> Double {
        let bits = BinaryLayout.double.nearest(token.significand, token.exponent, tables)
        if token.isTruncated, bits != BinaryLayout.double.nearest(token.significand + 1, token.exponent, tables) {
            return withTerminated(text) { strtod($0, nil) }
        }
        return Double(bitPattern: bits | (token.isNegative ? 1 << 63 : 0))
    }

    @inline(never)
    private static func slowFloat(
        _ token: DecimalToken, text: UnsafeRawBufferPointer, _ tables: FloatTables
    ) -> Float {
        let bits = BinaryLayout.float.nearest(token.significand, token.exponent, tables)
        if token.isTruncated, bits != BinaryLayout.float.nearest(token.significand + 1, token.exponent, tables) {
            return withTerminated(text) { strtof($0, nil) }
        }
        return Float(bitPattern: UInt32(truncatingIfNeeded: bits) | (token.isNegative ? 1 << 31 : 0))
    }

    /// A double whose rounding to any shorter type gives the float of that type nearest to the number.
    ///
    /// It is the nearest double, but never the middle between two shorter floats unless the number is.
    static func doubleForShortening(
        _ token: DecimalToken, text: UnsafeRawBufferPointer, _ tables: FloatTables
    ) -> Double {
        let nearest = double(token, text: text, tables)
        // The middles of FP16 and BF16 have 12 bits at most.
        guard nearest.bitPattern & 0xFF_FFFF_FFFF == 0, nearest.isFinite else { return nearest }
        let (below, above) = bounds(text)
        if below == above { return nearest }
        return below == nearest ? nearest.nextUp : nearest.nextDown
    }

    /// The largest double not above the number and the smallest not below it.
    private static func bounds(_ text: UnsafeRawBufferPointer) -> (below: Double, above: Double) {
        let mode = fegetround()
        defer { fesetround(mode) }
        return withTerminated(text) { number in
            fesetround(FE_DOWNWARD)
            let below = strtod(number, nil)
            fesetround(FE_UPWARD)
            return (below, strtod(number, nil))
        }
    }

    /// Calls `body` with a copy of `text` that ends as C strings do.
    private static func withTerminated<R>(
        _ text: UnsafeRawBufferPointer, _ body: (UnsafePointer<CChar>) -> R
    ) -> R {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: text.count + 1) { copy in
            for index in 0..<text.count { copy[index] = CChar(bitPattern: text[index]) }
            copy[text.count] = 0
            // The buffer holds one byte at least, so it has an address.
            return copy.withMemoryRebound(to: CChar.self) { buffer in
                buffer.baseAddress.map { body(UnsafePointer($0)) } ?? body("nan")
            }
        }
    }
}
