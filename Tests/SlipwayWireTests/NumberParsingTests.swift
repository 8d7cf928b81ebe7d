// SPDX-License-Identifier: Apache-2.0

import Glibc
import SlipwayCore
import SlipwayWire
import Testing

@Suite("Numbers in JSON become the nearest value of the tensor's type")
struct NumberParsingTests {
    /// Decimal texts of every kind: how many digits, where the point is, which exponent.
    private static func randomTexts(count: Int, exponents: ClosedRange<Int>, digits: ClosedRange<Int>) -> [String] {
        var random = TestRandom(state: 7)
        return (0..<count).map { _ in
            let length = Int.random(in: digits, using: &random)
            var text = Bool.random(using: &random) ? "-" : ""
            let point = Int.random(in: 0...length, using: &random)
            text += point == 0 ? "0" : ""
            for index in 0..<length {
                if index == point { text += "." }
                let first = index == 0 && point > 1 ? 1 : 0
                text += String(Int.random(in: first...9, using: &random))
            }
            if Bool.random(using: &random) { text += "e" + String(Int.random(in: exponents, using: &random)) }
            return text
        }
    }

    @Test("FP32 agrees with strtof on random texts", arguments: [1...8, 9...19, 20...40])
    func floatsLikeStrtof(digits: ClosedRange<Int>) throws {
        let texts = Self.randomTexts(count: 60_000, exponents: -50...30, digits: digits)
            .filter { strtof($0, nil).isFinite }
        let values = try parse(texts, as: Float.self)
        let wrong = zip(texts, values).filter { strtof($0, nil).bitPattern != $1.bitPattern }
        #expect(wrong.isEmpty, "\(wrong.prefix(3))")
        #expect(values.count > 10_000)
    }

    @Test("FP64 agrees with strtod on random texts", arguments: [1...8, 9...19, 20...40])
    func doublesLikeStrtod(digits: ClosedRange<Int>) throws {
        let texts = Self.randomTexts(count: 60_000, exponents: -345...310, digits: digits)
            .filter { strtod($0, nil).isFinite }
        let values = try parse(texts, as: Double.self)
        let wrong = zip(texts, values).filter { strtod($0, nil).bitPattern != $1.bitPattern }
        #expect(wrong.isEmpty, "\(wrong.prefix(3))")
        #expect(values.count > 10_000)
    }

    @Test("every bit pattern of FP32 comes back from its shortest text")
    func floatBits() throws {
        var random = TestRandom(state: 11)
        let numbers = (0..<100_000).map { _ in Float(bitPattern: UInt32(truncatingIfNeeded: random.next())) }
            .filter(\.isFinite)
        let values = try parse(numbers.map(\.description), as: Float.self)
        #expect(zip(numbers, values).allSatisfy { $0.bitPattern == $1.bitPattern })
    }

    @Test("every bit pattern of FP64 comes back from its shortest text")
    func doubleBits() throws {
        var random = TestRandom(state: 13)
        let numbers = (0..<100_000).map { _ in Double(bitPattern: random.next()) }.filter(\.isFinite)
        let values = try parse(numbers.map(\.description), as: Double.self)
        #expect(zip(numbers, values).allSatisfy { $0.bitPattern == $1.bitPattern })
    }

    /// The exact decimal text of the middle between `value` and the next float: 24 bits and one more.
    private static func middle(above value: Float) -> Double { (Double(value) + Double(value.nextUp)) / 2 }

    @Test("the middle between two floats goes to the even one, and a hair beside it to the nearer one")
    func floatMiddles() throws {
        var random = TestRandom(state: 17)
        // Integers of 25 bits: their text is exact, and a digit behind the point is a hair.
        let lower = (0..<20_000).map { _ in Float(Int.random(in: 1 << 24..<(1 << 25) - 2, using: &random)) }
        let middles = lower.map { String(Int(Self.middle(above: $0))) }
        let exact = try parse(middles, as: Float.self)
        let above = try parse(middles.map { $0 + ".00000000000000000000000001" }, as: Float.self)
        let near = try parse(middles.map { $0 + ".0000001" }, as: Float.self)
        for (index, value) in lower.enumerated() {
            let even = value.significandBitPattern & 1 == 0 ? value : value.nextUp
            #expect(exact[index] == even)
            #expect(above[index] == value.nextUp)
            #expect(near[index] == value.nextUp)
        }
    }

    @Test(
        "hard cases agree with the C library",
        arguments: [
            "0", "-0", "0.0", "-0.0e10", "1", "9007199254740991", "9007199254740992", "9007199254740993",
            "9007199254740993.00000000000000000000001", "9007199254740995", "16777217", "16777219",
            "16777217.0000000000000000001", "1e-45", "7e-46", "7.006492321624085e-46", "7.006492321624086e-46",
            "1.1754943508222875e-38", "1.1754942807573643e-38", "1.17549425e-38", "3.4028235677973362e38",
            "3.4028234663852886e38", "2.2250738585072011e-308", "2.2250738585072014e-308", "4.9e-324",
            "2.4703282292062327e-324", "2.4703282292062328e-324", "1e-400", "1.7976931348623157e308",
            "1.7976931348623158e308", "0.1", "0.30000000000000004", "123456789012345678901234567890",
            "0.000000000000000000000000000000000000000000000000000000000001e60", "1e22", "1e23", "8.5e22",
            "6.02214076E+23", "5e-20", "0.500000000000000166533453693773481063544750213623046875",
            "3.518437208883201171875e13", "1.00000005960464477539062499999", "1.00000005960464477539062500001",
            "1.000000059604644775390625", "179769313486231580793e288", "1" + String(repeating: "0", count: 38),
        ])
    func hardCases(text: String) throws {
        let wide = strtod(text, nil)
        #expect(try parse([text], as: Double.self).first?.bitPattern == wide.bitPattern)
        let narrow = strtof(text, nil)
        if narrow.isFinite {
            #expect(try parse([text], as: Float.self).first?.bitPattern == narrow.bitPattern)
        } else {
            #expect(throws: WireError.self) { try parse([text], as: Float.self) }
        }
    }

    @Test("thousands of digits are read, and the last one counts")
    func longDigits() throws {
        let zeros = String(repeating: "0", count: 5000)
        let values = try parse(
            ["1." + zeros + "1", "0." + zeros + "1e5001", "16777217." + zeros + "1", "1" + zeros + "e-5000"],
            as: Float.self)
        #expect(values == [1, 1, 16_777_218, 1])
    }

    @Test("NaN and the infinities are tokens of their own")
    func nonFinite() throws {
        let values = try parse(["NaN", "Infinity", "-Infinity"], as: Float.self)
        #expect(values[0].isNaN)
        #expect(values[1...] == [.infinity, -.infinity])
        #expect(try parse(["-Infinity"], as: Double.self) == [-.infinity])
    }

    @Test(
        "what is no number, or too large for the type, is refused",
        arguments: [
            "1e999", "-1e999", "3.4028236e38", "01", "+1", ".5", "1.", "1e", "1e+", "--1", "-", "0x10", "nan", "inf",
            "-NaN", "Infinit", "1.5.2", "1e5e5", "true", "null", "\"1\"", "{}", "[1]", "1 2", "",
        ])
    func refusedFloats(text: String) {
        #expect(throws: WireError.self) { try parse([text], as: Float.self) }
    }

    @Test("whole numbers reach both ends of their type")
    func integerLimits() throws {
        #expect(try parse(["-128", "127"], as: Int8.self) == [.min, .max])
        #expect(try parse(["-32768", "32767", "-0"], as: Int16.self) == [.min, .max, 0])
        #expect(try parse(["-2147483648", "2147483647"], as: Int32.self) == [.min, .max])
        #expect(try parse(["-9223372036854775808", "9223372036854775807"], as: Int64.self) == [.min, .max])
        #expect(try parse(["0", "18446744073709551615"], as: UInt64.self) == [0, .max])
        #expect(try parse(["255"], as: UInt8.self) == [255])
    }

    @Test(
        "whole numbers out of range, or not written whole, are refused",
        arguments: [
            "9223372036854775808", "-9223372036854775809", "18446744073709551616", "99999999999999999999",
            "100000000000000000000000", "1.0", "1e2", "1.5", "NaN", "true", "00", "-01",
        ])
    func refusedIntegers(text: String) {
        #expect(throws: WireError.self) { try parse([text], as: Int64.self) }
    }

    @Test("unsigned types take no negative number, small types no large one")
    func narrowIntegers() {
        #expect(throws: WireError.self) { try parse(["-1"], as: UInt8.self) }
        #expect(throws: WireError.self) { try parse(["256"], as: UInt8.self) }
        #expect(throws: WireError.self) { try parse(["-129"], as: Int8.self) }
        #expect(throws: WireError.self) { try parse(["18446744073709551616"], as: UInt64.self) }
    }

    @Test("whole numbers agree with the standard library on random values")
    func randomIntegers() throws {
        var random = TestRandom(state: 19)
        let numbers = (0..<50_000).map { _ in
            Int64(truncatingIfNeeded: random.next()) >> Int64.random(in: 0..<64, using: &random)
        }
        #expect(try parse(numbers.map(\.description), as: Int64.self) == numbers)
    }
}
