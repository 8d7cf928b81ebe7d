// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats
import Testing

@Suite("npy reader")
struct NumpyReaderTests {
    /// An npy file in format version 1.0 with this header.
    static func file(_ header: String, _ data: [UInt8], version: UInt8 = 1) -> [UInt8] {
        let text = Array((header + "\n").utf8)
        let length = UInt32(text.count)
        let width = version == 1 ? 2 : 4
        let lengthBytes = (0..<width).map { UInt8(truncatingIfNeeded: length >> UInt32(8 * $0)) }
        return [0x93] + Array("NUMPY".utf8) + [version, 0] + lengthBytes + text + data
    }

    static func header(_ descriptor: String, _ shape: String, fortran: Bool = false) -> String {
        "{'descr': '\(descriptor)', 'fortran_order': \(fortran ? "True" : "False"), 'shape': \(shape), }"
    }

    @Test("reads the file that numpy.save writes for [[1, 2], [3, 4]] in int16")
    func golden() throws {
        // numpy 1.26: numpy.save(file, numpy.array([[1, 2], [3, 4]], '<i2'))
        let text = "{'descr': '<i2', 'fortran_order': False, 'shape': (2, 2), }"
        var bytes: [UInt8] = [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, 1, 0, 0x76, 0] + Array(text.utf8)
        bytes += [UInt8](repeating: 0x20, count: 0x76 - text.utf8.count - 1) + [0x0A]
        bytes += [1, 0, 2, 0, 3, 0, 4, 0]
        let tensor = try NumpyReader.read(bytes)
        #expect(tensor.shape == [2, 2])
        #expect(tensor.values(as: Int16.self) == [1, 2, 3, 4])
    }

    @Test("reads format versions 1, 2 and 3", arguments: [1, 2, 3] as [UInt8])
    func versions(version: UInt8) throws {
        let tensor = try NumpyReader.read(Self.file(Self.header("<i4", "(1,)"), [7, 0, 0, 0], version: version))
        #expect(tensor.values(as: Int32.self) == [7])
    }

    @Test(
        "turns big-endian values round",
        arguments: [
            (">u2", [1, 2], ElementType.uint16, [2, 1]), (">i4", [1, 2, 3, 4], .int32, [4, 3, 2, 1]),
            (">f8", [1, 2, 3, 4, 5, 6, 7, 8], .float64, [8, 7, 6, 5, 4, 3, 2, 1]), ("|i1", [9], .int8, [9]),
        ] as [(String, [UInt8], ElementType, [UInt8])])
    func endianness(descriptor: String, data: [UInt8], elementType: ElementType, stored: [UInt8]) throws {
        let tensor = try NumpyReader.read(Self.file(Self.header(descriptor, "(1,)"), data))
        #expect(tensor.elementType == elementType)
        #expect(Array(tensor.storage.bytes) == stored)
    }

    @Test("turns column-major arrays into row-major ones")
    func fortranOrder() throws {
        // numpy.asfortranarray(numpy.arange(12, dtype='u1').reshape(2, 3, 2)) lies in memory as below.
        let data: [UInt8] = [0, 6, 2, 8, 4, 10, 1, 7, 3, 9, 5, 11]
        let tensor = try NumpyReader.read(Self.file(Self.header("|u1", "(2, 3, 2)", fortran: true), data))
        #expect(tensor.values(as: UInt8.self) == Array(0..<12))
    }

    @Test("makes every true boolean a 1")
    func booleans() throws {
        let tensor = try NumpyReader.read(Self.file(Self.header("|b1", "(3,)"), [0, 1, 0xFF]))
        #expect(tensor.values(as: Bool.self) == [false, true, true])
    }

    @Test("reads byte strings and Unicode of both byte orders without their padding")
    func strings() throws {
        let byteStrings = try NumpyReader.read(Self.file(Self.header("|S3", "(2,)"), [97, 0, 98, 99, 0, 0]))
        #expect(byteStrings.strings == ["a\u{0}b", "c"])
        let little = try NumpyReader.read(
            Self.file(Self.header("<U2", "(1, 2)"), [0xE9, 0, 0, 0, 0, 0, 0, 0, 0x00, 0xF6, 1, 0, 0x41, 0, 0, 0]))
        #expect(little.strings == ["é", "😀A"])
        let big = try NumpyReader.read(Self.file(Self.header(">U1", "(1,)"), [0, 0, 0, 0x41]))
        #expect(big.strings == ["A"])
    }

    @Test("reads scalars and empty arrays")
    func edges() throws {
        #expect(try NumpyReader.read(Self.file(Self.header("<f4", "()"), [0, 0, 0, 0])).shape.isScalar)
        #expect(try NumpyReader.read(Self.file(Self.header("<f4", "(0, 5)"), [])).shape == [0, 5])
        #expect(try NumpyReader.read(Self.file(Self.header("|S0", "(2,)"), [])).strings == ["", ""])
        // Python 2 wrote long integers with an L.
        #expect(try NumpyReader.read(Self.file(Self.header("|u1", "(2L,)"), [1, 2])).shape == [2])
    }

    @Test(
        "refuses types that no tensor carries",
        arguments: [
            "|O", "<c8", "<M8[D]", "|V4", "<f16", "<i3", "", "<", "<U-1", "<U99999999999999999999", "S",
            ">é4",
        ])
    func foreignTypes(descriptor: String) throws {
        let error = try #require(throws: FormatError.self) {
            try NumpyReader.read(Self.file(Self.header(descriptor, "(0,)"), []))
        }
        #expect(error.code == .unsupported)
    }

    @Test(
        "refuses headers that are damaged",
        arguments: [
            "", "{", "{}", "{'descr': '<i4'}",
            "{'descr': '<i4', 'fortran_order': False, 'shape': (1,), 'shape': (1,)}",
            "{'descr': '<i4', 'fortran_order': 0, 'shape': (1,)}",
            "{'descr': '<i4', 'fortran_order': False, 'shape': 1}",
            "{'descr': '<i4', 'fortran_order': False, 'shape': (-1,)}", "{'descr': [('a', '<i4')], 'shape': (1,)}",
            "{'descr': '<i4', 'fortran_order': False, 'shape': (1,", "{'descr",
            "{'descr': '<i4', 'fortran_order': False, 'shape': (99999999999999999999,)}",
        ])
    func damagedHeaders(header: String) {
        #expect(throws: FormatError.self) { try NumpyReader.read(Self.file(header, [0, 0, 0, 0])) }
    }

    @Test(
        "refuses shapes that do not fit the data, without taking memory for them",
        arguments: [
            "(3,)", "(1,)", "(4294967296, 4294967296)", "(9223372036854775807,)", "(2305843009213693952,)",
        ])
    func wrongSizes(shape: String) {
        #expect(throws: FormatError.self) {
            try NumpyReader.read(Self.file(Self.header("<i4", shape), [UInt8](repeating: 0, count: 8)))
        }
    }

    @Test("refuses numbers of empty strings that no memory holds, and code points beyond Unicode")
    func hostileStrings() {
        #expect(throws: FormatError.self) {
            try NumpyReader.read(Self.file(Self.header("|S0", "(1099511627776,)"), []))
        }
        #expect(throws: FormatError.self) {
            try NumpyReader.read(Self.file(Self.header("<U1", "(1,)"), [0, 0, 0x11, 0]))
        }
    }
}
