// SPDX-License-Identifier: Apache-2.0

import SlipwayFormats
import Testing

/// Pickles that only use what models use, and do harm by how they put it together, or hide it from who reads otherwise
/// than Python.
@Suite("Attacks by allowed names")
struct PickleTrustTests {
    /// An array wrapper of joblib's with as many elements as `count` says.
    static func wrapper(_ type: String, _ count: Int, more: [UInt8] = []) -> [UInt8] {
        let dtype = Opcodes.stackGlobal("numpy", "dtype") + Opcodes.text(type) + [0x89, 0x88, 0x87, 0x52]
        let shape = Opcodes.text("shape") + [0x4B, UInt8(count), 0x85]
        return Opcodes.stackGlobal("joblib.numpy_pickle", "NumpyArrayWrapper") + [0x29, 0x81, 0x7D, 0x28]
            + Opcodes.text("dtype") + dtype + shape + more + [0x75, 0x62]
    }

    static let hidden: [UInt8] = Opcodes.none + [0x30] + Opcodes.shell()

    static let attacks: [(name: String, bytes: [UInt8])] = [
        (
            "HDF5's signature in a text",
            [0x80, 4] + Opcodes.bytes([UInt8](repeating: 97, count: 505) + [0x89] + Array("HDF\r\n\u{1A}\n".utf8))
                + [0x30] + Opcodes.shell() + [0x2E]
        ),
        ("a wrapper in a nested pickle", Opcodes.pickle(4, wrapper("O", 1), Opcodes.pickle(4, wrapper("u1", 0)))),
        (
            "a wrapper inside a frame",
            [0x80, 4, 0x95] + Opcodes.littleEndian(UInt64(wrapper("u1", 1).count + 9)) + wrapper("u1", 1)
                + [UInt8](repeating: 0x4E, count: 8) + [0x2E]
        ),
        ("a type that hides its size", Opcodes.pickle(4, wrapper("i4,O", 1), hidden)),
        (
            "pickle.load of a joblib file",
            Opcodes.pickle(
                4, wrapper("u1", hidden.count, more: Opcodes.text("numpy_array_alignment_bytes") + [0x4B, 16]),
                [0x4E], hidden)
        ),
        (
            "another file of joblib's",
            Opcodes.pickle(
                4, Opcodes.stackGlobal("joblib.numpy_pickle", "NDArrayWrapper"), [0x29, 0x81, 0x7D],
                Opcodes.text("filename"), Opcodes.text("x"), [0x73, 0x62])
        ),
        (
            "a state that is a method",
            Opcodes.pickle(
                4, Opcodes.stackGlobal("types", "SimpleNamespace"), [0x29, 0x52, 0x7D], Opcodes.text("__setstate__"),
                Opcodes.stackGlobal("sklearn.utils", "shuffle"), [0x73, 0x62])
        ),
        (
            "two states",
            Opcodes.pickle(
                4, Opcodes.stackGlobal("types", "SimpleNamespace"), [0x29, 0x52, 0x7D, 0x62, 0x7D, 0x62])
        ),
        (
            "a function given to a class",
            Opcodes.pickle(
                4, Opcodes.stackGlobal("numpy.random._pickle", "__randomstate_ctor"), Opcodes.text("x"),
                Opcodes.stackGlobal("sklearn.utils", "shuffle"), Opcodes.tuple2, Opcodes.reduce)
        ),
        (
            "a loader of another package",
            Opcodes.pickle(4, Opcodes.stackGlobal("sklearn.utils._joblib", "load"), Opcodes.text("x"), [0x85, 0x52])
        ),
        (
            "memmap called",
            Opcodes.pickle(4, Opcodes.stackGlobal("numpy", "memmap"), Opcodes.text("x"), [0x85, 0x52])
        ),
        (
            "a booster that reads a file",
            Opcodes.pickle(4, Opcodes.stackGlobal("xgboost.core", "DMatrix"), Opcodes.text("x"), [0x85, 0x52])
        ),
        ("all of numpy", Opcodes.pickle(4, Opcodes.stackGlobal("numpy.anything", "Class"), [0x29, 0x52])),
    ]

    @Test("each is a finding that matters", arguments: attacks.map(\.name))
    func found(name: String) throws {
        let bytes = try #require(Self.attacks.first { $0.name == name }).bytes
        let report = try ScanReport.scan(MemorySource(bytes))
        #expect(!report.isClean)
    }

    @Test("many small findings do not hide a grave one")
    func crowd() throws {
        var limits = ScanLimits()
        limits.findings = 1
        let bytes = Opcodes.pickle(4, [0x80, 4], Opcodes.shell())
        #expect(try ScanReport.scan(MemorySource(bytes), limits: limits).severity == .high)
    }
}
