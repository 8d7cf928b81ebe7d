// SPDX-License-Identifier: Apache-2.0

import SlipwayFormats
import Testing

@Suite("JSON reader")
struct JSONReaderTests {
    @Test(
        "reads values",
        arguments: [
            ("null", .null), (" true ", .bool(true)), ("false\n", .bool(false)), ("0", .integer(0)),
            ("-12", .integer(-12)), ("9223372036854775807", .integer(.max)), ("-0", .number(-0.0)),
            ("9223372036854775808", .number(9223372036854775808)), ("1.5e3", .number(1500)),
            ("-2.5E-1", .number(-0.25)), ("Infinity", .number(.infinity)), ("-Infinity", .number(-.infinity)),
            ("\"\"", .string("")), (#""a\"\\\/\b\f\n\r\t\u00e4\ud83d\ude00""#, .string("a\"\\/\u{8}\u{c}\n\r\tä😀")),
            (#""\ud800x""#, .string("\u{FFFD}x")), ("[]", .array([])), ("{}", .object([])),
            ("[1,2]", .integers([1, 2])),
            ("[1, 2.5]", .numbers([1, 2.5])), ("[1.5,null]", .array([.number(1.5), .null])),
            (#"{"a":[{"b":1}]}"#, .object([.init("a", .array([.object([.init("b", .integer(1))])]))])),
        ] as [(String, StructuredValue)])
    func values(text: String, wanted: StructuredValue) throws {
        let value = try JSONReader.read(text)
        #expect(value == wanted)
        if case .number(let number) = wanted, number == 0 { #expect(value.double?.sign == .minus) }
    }

    @Test(
        "refuses what is not JSON",
        arguments: [
            "", "nul", "+1", "01", "1.", ".5", "1e", "[1,]", "[1 2]", "{\"a\"}", "{\"a\":1,}", "{a:1}", "\"a", "[",
            "1 2",
            #""\x""#, #""\u12g4""#, "{\"a\":1,\"a\":2}", "-", "-NaN",
        ])
    func broken(text: String) {
        #expect(throws: FormatError.self) { try JSONReader.read(text) }
    }

    @Test("gives every double back bit by bit")
    func doubles() throws {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<1000 {
            let value = Double(bitPattern: UInt64.random(in: 0...UInt64.max, using: &random))
            guard value.isFinite else { continue }
            let read = try JSONReader.read("\(value)").double
            #expect(read == value)
        }
    }

    @Test("keeps to its limits")
    func limits() throws {
        var limits = StructuredLimits()
        limits.depth = 3
        limits.valueCount = 5
        limits.numberCount = 4
        limits.stringByteCount = 3
        for text in ["[[[[]]]]", "[null,null,null,null,null,null]", "[1,2,3,4,5]", "\"abcd\""] {
            let error = #expect(throws: FormatError.self) { try JSONReader.read(text, limits: limits) }
            #expect(error?.code == .limitExceeded)
        }
        _ = try JSONReader.read("[[[1,2,3,4]],\"abc\"]", limits: limits)
    }

    @Test("finds members, and reads numbers by either spelling")
    func access() throws {
        let value = try JSONReader.read(#"{"a": 3.0, "b": [1, 2], "c": ["x"], "d": []}"#)
        #expect(value["a"]?.integer == 3)
        #expect(value["b"]?.doubles == [1, 2])
        #expect(value["b"]?.list == [.integer(1), .integer(2)])
        #expect(value["c"]?.strings == ["x"])
        #expect(value["d"]?.integers == [])
        #expect(value["e"] == nil)
    }
}
