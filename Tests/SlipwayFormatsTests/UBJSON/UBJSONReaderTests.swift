// SPDX-License-Identifier: Apache-2.0

import SlipwayFormats
import Testing

@Suite("UBJSON reader")
struct UBJSONReaderTests {
    private static func read(_ bytes: [UInt8]) throws -> StructuredValue { try UBJSONReader.read(MemorySource(bytes)) }

    private static func ascii(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test(
        "reads values",
        arguments: [
            (ascii("Z"), .null), (ascii("T"), .bool(true)), (ascii("i") + [0xFF], .integer(-1)),
            (ascii("U") + [0xFF], .integer(255)), (ascii("I") + [0x80, 0], .integer(-32768)),
            (ascii("l") + [0, 1, 0, 0], .integer(65536)), (ascii("L") + [0, 0, 0, 1, 0, 0, 0, 0], .integer(1 << 32)),
            (ascii("d") + [0x3F, 0xC0, 0, 0], .number(1.5)),
            (ascii("D") + [0xBF, 0xF0, 0, 0, 0, 0, 0, 0], .number(-1)),
            (ascii("Si") + [2] + ascii("ab"), .string("ab")), (ascii("Cx"), .string("x")),
            (ascii("[]"), .array([])), (ascii("[i") + [1] + ascii("U") + [2, 0x5D], .integers([1, 2])),
            (ascii("[$d#i") + [1, 0x40, 0, 0, 0], .numbers([2])),
            (ascii("[$U#i") + [3, 7, 8, 9], .integers([7, 8, 9])),
            (ascii("[#i") + [2] + ascii("ZT"), .array([.null, .bool(true)])),
            (ascii("{i") + [1] + ascii("aZ}"), .object([.init("a", .null)])),
            (ascii("{$i#i") + [1] + ascii("i") + [1] + ascii("a") + [5], .object([.init("a", .integer(5))])),
        ] as [([UInt8], StructuredValue)])
    func values(bytes: [UInt8], wanted: StructuredValue) throws {
        let value = try Self.read(bytes)
        #expect(value == wanted)
    }

    @Test(
        "refuses what is broken, or would grow without bytes of its own",
        arguments: [
            [], ascii("[$Z#l") + [0x7F, 0xFF, 0xFF, 0xFF], ascii("[$d#l") + [0x7F, 0xFF, 0xFF, 0xFF], ascii("[$d"),
            ascii("Si") + [0xFF], ascii("SL") + [0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], ascii("x"),
            ascii("ZZ"),
            ascii("{i") + [1] + ascii("aZi") + [1] + ascii("aZ}"), ascii("[$[#i") + [1],
            [UInt8](repeating: UInt8(ascii: "["), count: 100_000),
        ])
    func broken(bytes: [UInt8]) {
        #expect(throws: FormatError.self) { try Self.read(bytes) }
    }
}
