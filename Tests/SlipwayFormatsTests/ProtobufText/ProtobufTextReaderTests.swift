// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats
import SlipwayTestKit
import Testing

@Suite("Protobuf text")
struct ProtobufTextReaderTests {
    private static func read(_ text: String) throws -> ProtobufTextMessage {
        try ProtobufTextReader.read(Array(text.utf8))
    }

    @Test("keeps fields in their order, with the place of each")
    func order() throws {
        let message = try Self.read("a: 1\n# a comment\n  b { c: 'x' } a: 2;")
        #expect(message.fields.map(\.name) == ["a", "b", "a"])
        #expect(message.fields.map(\.line) == [1, 3, 3])
        #expect(message.fields.map(\.column) == [1, 3, 16])
        #expect(message["a"] == [.integer(1), .integer(2)])
        guard case .message(let inner)? = message["b"].first else { throw Missing() }
        #expect(inner["c"] == [.string(Array("x".utf8))])
    }

    struct Missing: Error {}

    @Test(
        "reads every kind of value",
        arguments: [
            ("1", .integer(1)), ("-17", .integer(-17)), ("- 17", .integer(-17)), ("0x1F", .integer(31)),
            ("010", .integer(8)), ("-0x10", .integer(-16)), ("9223372036854775808", .unsigned(1 << 63)),
            ("-9223372036854775808", .integer(.min)), ("18446744073709551616", .float(18_446_744_073_709_551_616)),
            ("1.5", .float(1.5)), ("2f", .float(2)), (".5F", .float(0.5)), ("1e3", .float(1000)),
            ("-1.5e-1", .float(-0.15)), ("inf", .float(.infinity)), ("-Infinity", .float(-.infinity)),
            ("true", .word("true")), ("TYPE_FP32", .word("TYPE_FP32")), ("nan", .word("nan")),
            ("'a' \"b\"\n # between\n 'c'", .string(Array("abc".utf8))),
            (#""\n\x41\101\u00e9\U0001F600\"\?""#, .string(Array("\nAAé😀\"?".utf8))),
            (#"'\377'"#, .string([0xFF])), ("''", .string([])),
        ] as [(String, ProtobufTextValue)])
    func values(text: String, expected: ProtobufTextValue) throws {
        #expect(try Self.read("v: \(text)")["v"] == [expected])
    }

    @Test(
        "takes every way to write the same",
        arguments: [
            "a { b: 1 b: 2 }", "a: { b: [1, 2] }", "a < b: 1, b: 2 >", "a: <b: 1; b: 2;>", "a [ { b: [1,2] } ]",
            "a{b:1 b:2}", "\u{FEFF}a {\r\n b: [ 1 , # one\n 2 ] }",
        ])
    func spellings(text: String) throws {
        guard case .message(let inner)? = try Self.read(text)["a"].first else { throw Missing() }
        #expect(inner["b"] == [.integer(1), .integer(2)])
    }

    @Test("an empty list is no field, and an empty text an empty message")
    func empty() throws {
        #expect(try Self.read("a: []").fields.isEmpty)
        #expect(try Self.read(" # nothing").fields.isEmpty)
    }

    @Test("names of extensions keep their brackets")
    func extensions() throws {
        #expect(
            try Self.read("[a.b]: 1 [type.googleapis.com/x.Y] { }").fields.map(\.name) == [
                "[a.b]", "[type.googleapis.com/x.Y]",
            ])
    }

    @Test(
        "says where a text is not well-formed",
        arguments: [
            ("a", "line 1, column 2"), ("a: ", "line 1, column 4"), ("a:\n  }", "line 2, column 3"),
            ("a 1", "line 1, column 3"), ("a: [1 2]", "line 1, column 7"), ("a: [1,]", "line 1, column 7"),
            ("a: 'x\n'", "line 1, column 4"), ("a: 08", "line 1, column 4"), ("a: 0xG", "line 1, column 4"),
            ("a: 1x", "line 1, column 4"), ("a: 1.2.3", "line 1, column 4"), ("a: --1", "line 1, column 5"),
            ("a: -x", "line 1, column 5"), ("a {", "line 1, column 4"), ("a { b: 1 >", "line 1, column 10"),
            ("a: 1 }", "line 1, column 6"), ("a: $", "line 1, column 4"), ("1: 1", "line 1, column 1"),
            ("a: '\\q'", "line 1, column 7"), ("a: '\\ud800'", "line 1, column 11"), ("[a b]: 1", "line 1, column 3"),
            ("a: 0xFFFFFFFFFFFFFFFFF", "line 1, column 4"), ("a:: 1", "line 1, column 3"), ("é: 1", "line 1, column 1"),
        ])
    func malformed(text: String, place: String) {
        let error = #expect(throws: FormatError.self) { try Self.read(text) }
        #expect(error?.location == place, "\(error?.description ?? "")")
    }

    @Test("refuses what is too large, too deep or too much before it takes memory for it")
    func limits() throws {
        let limits = ProtobufTextLimits(byteCount: 100, depth: 2, valueCount: 5)
        let read = { (text: String) in try ProtobufTextReader.read(Array(text.utf8), limits: limits) }
        #expect(try read("a { b { c: [1, 2, 3] } }").fields.count == 1)
        for text in [String(repeating: " ", count: 101), "a { b { c { } } }", "a: [1, 2, 3, 4, 5, 6]"] {
            let error = #expect(throws: FormatError.self) { try read(text) }
            #expect(error?.code == .limitExceeded)
        }
        let deep = String(repeating: "a{", count: 1_000_000)
        #expect(throws: FormatError.self) { try Self.read(deep) }
        #expect(throws: FormatError.self) { try Self.read("a: " + String(repeating: "9", count: 1_000_000)) }
    }

    @Test("answers damaged texts with an error or a message, never with a trap")
    func mutated() throws {
        let seeds = [
            "name: \"m\"\nmax_batch_size: 8\ninput [ { name: 'x' data_type: TYPE_FP32 dims: [ -1, 3 ] } ]\n",
            "a < b: 0x1F, c: 1.5e-3f; d: 'x\\u00e9\\101' \"y\" > [a.b/c]: -inf # end",
        ].map { Array($0.utf8) }
        var refused = 0
        let iterations = 4000
        try mutate(seeds: seeds, iterations: iterations, seed: 6) { bytes in
            do { _ = try ProtobufTextReader.read(bytes) } catch {
                refused += 1
                throw error
            }
        }
        // Otherwise the mutations would be too tame, or too wild, to reach anything.
        #expect((1..<iterations).contains(refused))
    }
}
