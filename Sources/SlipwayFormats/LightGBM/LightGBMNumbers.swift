// SPDX-License-Identifier: Apache-2.0

/// Numbers separated by spaces, as LightGBM writes them.
enum LightGBMNumbers {
    static func integer(_ text: ArraySlice<UInt8>) throws(FormatError) -> Int {
        let all = try integers(text)
        guard all.count == 1 else { throw broken(text) }
        return all[0]
    }

    /// A number of things, of which there is one at least.
    static func count(_ text: ArraySlice<UInt8>) throws(FormatError) -> Int {
        let value = try integer(text)
        guard value > 0, value < Int(Int32.max) else { throw broken(text) }
        return value
    }

    static func integers(_ text: ArraySlice<UInt8>) throws(FormatError) -> [Int] {
        var result: [Int] = []
        for word in text.split(separator: UInt8(ascii: " ")) {
            var rest = word
            let isNegative = rest.first == UInt8(ascii: "-")
            if isNegative { rest = rest.dropFirst() }
            guard !rest.isEmpty, rest.count <= 18 else { throw broken(word) }
            var value = 0
            for byte in rest {
                guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { throw broken(word) }
                value = value * 10 + Int(byte - UInt8(ascii: "0"))
            }
            result.append(isNegative ? -value : value)
        }
        return result
    }

    static func doubles(_ text: ArraySlice<UInt8>) throws(FormatError) -> [Double] {
        var result: [Double] = []
        var digits = DecimalDigits()
        for word in text.split(separator: UInt8(ascii: " ")) { result.append(try double(word, &digits)) }
        return result
    }

    private static func double(_ word: ArraySlice<UInt8>, _ digits: inout DecimalDigits) throws(FormatError) -> Double {
        var rest = word
        let isNegative = rest.first == UInt8(ascii: "-")
        if isNegative { rest = rest.dropFirst() }
        if rest.elementsEqual("inf".utf8) { return isNegative ? -.infinity : .infinity }
        if rest.elementsEqual("nan".utf8) { return .nan }
        digits.start(isNegative: isNegative)
        guard rest.count <= 512, rest.allSatisfy({ digits.take($0) }), let value = digits.value()?.double else {
            throw broken(word)
        }
        return value
    }

    private static func broken(_ word: ArraySlice<UInt8>) -> FormatError {
        FormatError(
            .malformed, "'\(String(decoding: word.prefix(40), as: UTF8.self))' is not the number that is wanted")
    }
}
