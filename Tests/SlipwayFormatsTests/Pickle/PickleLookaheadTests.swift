// SPDX-License-Identifier: Apache-2.0

import SlipwayFormats
import Testing

/// Arrays that joblib before 1.1 wrote without padding: their bytes may be read as opcodes by `pickle.load`.
@Suite("Bytes of arrays that could be opcodes")
struct PickleLookaheadTests {
    /// A joblib file of one array of bytes, not padded.
    private static func file(_ content: [UInt8]) -> [UInt8] {
        let dtype = Opcodes.stackGlobal("numpy", "dtype") + Opcodes.text("u1") + [0x89, 0x88, 0x87, 0x52]
        let shape = Opcodes.text("shape") + [0x4A] + Opcodes.littleEndian(Int32(content.count)) + [0x85]
        return Opcodes.pickle(
            4, Opcodes.stackGlobal("joblib.numpy_pickle", "NumpyArrayWrapper"), [0x29, 0x81, 0x7D, 0x28],
            Opcodes.text("dtype"), dtype, shape, [0x75, 0x62], content)
    }

    private func isClean(_ content: [UInt8]) throws -> Bool {
        try ScanReport.scan(MemorySource(Self.file(content))).isClean
    }

    private static let shell = Opcodes.stackGlobal("posix", "system") + Opcodes.text("id") + [0x85, 0x52, 0x2E]
    private static let attacks: [(name: String, bytes: [UInt8])] = [
        ("a name by lines", Opcodes.shell() + [0x2E]),
        ("a name behind a protocol", [0x80, 4] + Opcodes.shell() + [0x2E]),
        ("a name behind a frame", [0x80, 4, 0x95] + Opcodes.littleEndian(UInt64(9)) + shell),
        ("a name from texts", shell),
        ("a name from the memo", [0x68, 1, 0x68, 2, 0x93] + Opcodes.text("id") + [0x85, 0x52, 0x2E]),
        ("a name behind values", [0x4E, 0x30, 0x28, 0x4B, 7, 0x49] + Array("12\n".utf8) + shell),
        ("an instance", Array("(S'id'\niposix\nsystem\n.".utf8)),
        (
            "a name behind a text longer than is looked at",
            [0x58] + Opcodes.littleEndian(UInt32(5000)) + [UInt8](repeating: 97, count: 5000) + [0x30] + shell
        ),
        (
            "a name behind a line longer than is looked at",
            [0x56] + [UInt8](repeating: 97, count: 5000) + [0x0A, 0x30] + shell
        ),
    ]

    @Test("opcodes that come to a name are found", arguments: attacks.map(\.name))
    func found(name: String) throws {
        #expect(try !isClean(#require(Self.attacks.first { $0.name == name }).bytes))
    }

    @Test("numbers are no opcodes, whatever byte they begin with", arguments: 0..<256)
    func numbers(first: Int) throws {
        // A generator with a fixed seed: the same numbers in every run.
        var state: UInt64 = 0x9E37_79B9_7F4A_7C15 &+ UInt64(first)
        var doubles: [UInt8] = [UInt8(first)]
        while doubles.count < 8192 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            doubles += Opcodes.littleEndian(state >> 11)
        }
        #expect(try isClean(doubles))
        let whole = (0..<500).flatMap { Opcodes.littleEndian(Int32(first + $0 * 3)) }
        #expect(try isClean(whole))
    }
}
