// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// A tensor element of fixed width that can be read from a JSON value.
protocol JSONElement: TensorElement {
    /// Reads the value at `cursor` and moves past it; `nil` and no move when there is none of this type.
    static func read(_ cursor: inout UnsafePointer<UInt8>, end: UnsafePointer<UInt8>, _ tables: FloatTables) -> Self?
}

extension JSONElement where Self: BinaryFloatingPoint {
    /// A number, or one of the tokens NaN, Infinity and -Infinity; `nil` also for what is too large for the type.
    @inline(__always)
    fileprivate static func read(
        _ cursor: inout UnsafePointer<UInt8>, end: UnsafePointer<UInt8>, _ tables: FloatTables,
        nearest: (DecimalToken, UnsafeRawBufferPointer) -> Self
    ) -> Self? {
        let first = cursor
        guard let token = DecimalToken(&cursor, end: end, tables) else {
            return NonFiniteToken.read(&cursor, end: end).map { Self($0) }
        }
        let value = nearest(token, UnsafeRawBufferPointer(start: first, count: cursor - first))
        guard value.isFinite else {
            cursor = first
            return nil
        }
        return value
    }
}

/// The floats that JSON has no numbers for, as Python and RapidJSON write them.
enum NonFiniteToken {
    static func read(_ cursor: inout UnsafePointer<UInt8>, end: UnsafePointer<UInt8>) -> Double? {
        if take("NaN", &cursor, end) { return .nan }
        if take("Infinity", &cursor, end) { return .infinity }
        if take("-Infinity", &cursor, end) { return -.infinity }
        return nil
    }

    private static func take(
        _ text: StaticString, _ cursor: inout UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>
    ) -> Bool {
        let count = text.utf8CodeUnitCount
        guard end - cursor >= count else { return false }
        for index in 0..<count where cursor[index] != text.utf8Start[index] { return false }
        cursor += count
        return true
    }
}

extension Float: JSONElement {
    @inline(__always)
    static func read(
        _ cursor: inout UnsafePointer<UInt8>, end: UnsafePointer<UInt8>, _ tables: FloatTables
    ) -> Float? {
        read(&cursor, end: end, tables) { NearestFloat.float($0, text: $1, tables) }
    }
}

extension Double: JSONElement {
    @inline(__always)
    static func read(
        _ cursor: inout UnsafePointer<UInt8>, end: UnsafePointer<UInt8>, _ tables: FloatTables
    ) -> Double? {
        read(&cursor, end: end, tables) { NearestFloat.double($0, text: $1, tables) }
    }
}

extension Float16: JSONElement {
    static func read(
        _ cursor: inout UnsafePointer<UInt8>, end: UnsafePointer<UInt8>, _ tables: FloatTables
    ) -> Float16? {
        read(&cursor, end: end, tables) { Float16(NearestFloat.doubleForShortening($0, text: $1, tables)) }
    }
}

extension BFloat16: JSONElement {
    static func read(
        _ cursor: inout UnsafePointer<UInt8>, end: UnsafePointer<UInt8>, _ tables: FloatTables
    ) -> BFloat16? {
        let first = cursor
        guard let token = DecimalToken(&cursor, end: end, tables) else {
            return NonFiniteToken.read(&cursor, end: end).map { BFloat16(Float($0)) }
        }
        let text = UnsafeRawBufferPointer(start: first, count: cursor - first)
        let value = BFloat16(oddFloat(NearestFloat.doubleForShortening(token, text: text, tables)))
        guard value.float.isFinite else {
            cursor = first
            return nil
        }
        return value
    }

    /// `value` as a float whose last bit is set when it is not exact, so that rounding it again goes right.
    private static func oddFloat(_ value: Double) -> Float {
        let nearest = Float(value)
        guard Double(nearest) != value else { return nearest }
        let away: UInt32 = Double(nearest.magnitude) > value.magnitude ? 1 : 0
        return Float(bitPattern: (nearest.bitPattern - away) | 1)
    }
}

extension Bool: JSONElement {
    /// `true`, `false`, 1 or 0.
    @inline(__always)
    static func read(
        _ cursor: inout UnsafePointer<UInt8>, end: UnsafePointer<UInt8>, _ tables: FloatTables
    ) -> Bool? {
        let rest = end - cursor
        if rest >= 5, cursor[0] == UInt8(ascii: "f"), cursor[1] == UInt8(ascii: "a"), cursor[2] == UInt8(ascii: "l"),
            cursor[3] == UInt8(ascii: "s"), cursor[4] == UInt8(ascii: "e")
        {
            cursor += 5
            return false
        }
        if rest >= 4, cursor[0] == UInt8(ascii: "t"), cursor[1] == UInt8(ascii: "r"), cursor[2] == UInt8(ascii: "u"),
            cursor[3] == UInt8(ascii: "e")
        {
            cursor += 4
            return true
        }
        var probe = cursor
        guard let number = UInt8.read(&probe, end: end, tables), number <= 1 else { return nil }
        cursor = probe
        return number == 1
    }
}

extension JSONElement where Self: FixedWidthInteger {
    /// A whole number written without fraction and exponent; `nil` also for what does not fit the type.
    @inline(__always)
    static func read(
        _ cursor: inout UnsafePointer<UInt8>, end: UnsafePointer<UInt8>, _ tables: FloatTables
    ) -> Self? {
        guard cursor < end else { return nil }
        var p = cursor
        let isNegative = p.pointee == .minus
        p += isNegative ? 1 : 0
        let first = p
        let leading = p.pointee &- 48
        guard leading <= 9 else { return nil }
        var value = UInt64(leading)
        p += 1
        if p.pointee &- 48 <= 9 {
            guard leading != 0 else { return nil }
            Digits.append(&p, end: end, to: &value, tables)
            let count = p - first
            // 20 digits wrap around at most once, and then come out below 10^19; the largest begin with 1.
            guard count <= 19 || (count == 20 && leading == 1 && value >= 10_000_000_000_000_000_000) else {
                return nil
            }
        }
        let next = p.pointee
        guard next != .dot, next | 0x20 != UInt8(ascii: "e") else { return nil }
        let result: Self
        if isNegative {
            guard value <= 1 << 63, let exact = Self(exactly: Int64(truncatingIfNeeded: 0 &- value)) else { return nil }
            result = exact
        } else {
            guard let exact = Self(exactly: value) else { return nil }
            result = exact
        }
        cursor = p
        return result
    }
}

extension Int8: JSONElement {}
extension Int16: JSONElement {}
extension Int32: JSONElement {}
extension Int64: JSONElement {}
extension UInt8: JSONElement {}
extension UInt16: JSONElement {}
extension UInt32: JSONElement {}
extension UInt64: JSONElement {}
