// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats
import Testing

/// Files that Python, numpy and joblib wrote; see Tests/Fixtures/FIXTURES.md.
@Suite("Pickles as data")
struct PickleReaderTests {
    static let files =
        ["numpy1-0.pkl", "numpy1-2.pkl", "numpy1-5.pkl", "numpy1.joblib"]
        + ["numpy2-0.pkl", "numpy2-2.pkl", "numpy2-5.pkl", "numpy2.joblib"]
        + ["zlib", "gzip", "bz2", "xz", "lzma"].map { "\($0).joblib" }

    static func source(_ name: String) throws -> FileSource {
        let tests = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        return try FileSource(path: "/\(tests)/Fixtures/pickle/\(name)")
    }

    static func read(_ name: String) throws -> PickleDocument { try PickleReader.read(source(name)) }

    private func array(_ document: PickleDocument, _ name: String) throws -> NumpyArray {
        try #require(document.value[name]?.array)
    }

    @Test("reads numbers of every kind in row-major order", arguments: files)
    func numbers(file: String) throws {
        let document = try Self.read(file)
        #expect(document.findings.isEmpty)
        #expect(try array(document, "fortran").doubles() == [0, 1, 2, 3, 4, 5])
        #expect(try array(document, "fortran").shape == [2, 3])
        #expect(try array(document, "big").integers() == [0, 1, 2, 3, 4, 5])
        #expect(try array(document, "flags").integers() == [1, 0])
        #expect(try array(document, "half").floats() == [1.5, -2])
        #expect(try array(document, "empty").doubles().isEmpty)
        #expect(try array(document, "scalar_array").doubles() == [5])
        #expect(try array(document, "scalar_array").shape.isEmpty)
    }

    @Test("reads texts, objects and records", arguments: files)
    func others(file: String) throws {
        let document = try Self.read(file)
        #expect(try array(document, "texts").strings() == ["é", "bb"])
        #expect(try array(document, "byte_texts").strings() == ["a", "bcd"])
        let objects = try #require(try array(document, "objects").objects)
        #expect(objects[0].string == "x")
        #expect(objects[1].integer == 1)
        #expect(objects[2].isNone)
        #expect(throws: FormatError.self) { try array(document, "objects").strings() }
        let records = try array(document, "records")
        #expect(records.fieldNames == ["left", "threshold"])
        #expect(try #require(records.field("left")).integers() == [1, -1])
        #expect(try #require(records.field("threshold")).doubles() == [2.5, 0.5])
        #expect(records.field("no") == nil)
    }

    @Test("reads plain values, and scalars of numpy as such", arguments: files)
    func values(file: String) throws {
        let value = try Self.read(file).value
        #expect(value["scalar"]?.double == 1.5)
        #expect(value["count"]?.integer == -3)
        #expect(value["name"]?.string == "hi")
        #expect(value["flag"]?.bool == true)
        #expect(value["number"]?.double == 3.25)
        #expect(value["nothing"]?.isNone == true)
        #expect(value["long"]?.string?.utf8.count == 5000)
        #expect(value["ordered"]?["a"]?.integer == 1)
        #expect(value["default"]?["a"]?.list?.count == 1)
        #expect(value["set"]?.list?.count == 2)
        guard case .bytes(let bytes) = value["bytes"]?.kind, case .bytes(let mutable) = value["mutable"]?.kind,
            case .bigInteger(let huge) = value["huge"]?.kind, case .bigInteger(let negative) = value["negative"]?.kind
        else {
            Issue.record("a value is of another kind")
            return
        }
        #expect(bytes == [0, 0xFF, 0x80])
        #expect(mutable == Array("abc".utf8))
        #expect(huge == "1" + String(repeating: "0", count: 40))
        #expect(negative == "-1180591620717411303424")
    }

    @Test("instances are bags of attributes, with their arguments and members")
    func instances() throws {
        let bytes = Opcodes.pickle(
            4, Opcodes.stackGlobal("sklearn.utils._bunch", "Bunch"), [0x29, 0x81], Opcodes.text("key"),
            [0x4B, 1, 0x73],
            Opcodes.emptyDictionary, Opcodes.text("coef_"), [0x4B, 2, 0x73], [0x62])
        let value = try PickleReader.read(bytes).value
        #expect(value.typeName?.description == "sklearn.utils._bunch.Bunch")
        #expect(value["key"]?.integer == 1)
        #expect(value[attribute: "coef_"]?.integer == 2)
        #expect(value[attribute: "no"] == nil)
    }

    @Test("a name is the same whichever protocol writes it, and what a ufunc is rebuilt from is its name")
    func functions() throws {
        let rebuilt =
            Opcodes.global("numpy.core", "_ufunc_reconstruct") + Opcodes.text("numpy") + Opcodes.text("log1p")
            + Opcodes.tuple2 + Opcodes.reduce
        for part in [rebuilt, Opcodes.global("numpy", "log1p"), Opcodes.stackGlobal("numpy", "log1p")] {
            let document = try PickleReader.read(Opcodes.pickle(4, part))
            guard case .global(let name) = document.value.kind else {
                Issue.record("not a name")
                return
            }
            #expect(name == PickleName("numpy", "log1p"))
            #expect(document.findings.isEmpty)
        }
    }

    @Test("a partial function is an instance, and clean where it holds a name that is")
    func partial() throws {
        let head = Opcodes.global("functools", "partial")
        let clean = Opcodes.pickle(
            4, head, Opcodes.global("sklearn.utils.validation", "check_array"), Opcodes.tuple1, Opcodes.reduce)
        #expect(try PickleReader.read(clean).findings.isEmpty)
        let bad = Opcodes.pickle(4, head, Opcodes.global("os", "system"), Opcodes.tuple1, Opcodes.reduce)
        #expect(throws: FormatError.self) { try PickleReader.read(bad).requireClean() }
    }

    @Test("names of Python 2 are those of Python 3, and its strings are text where they are UTF-8")
    func pythonTwo() throws {
        let bytes = Array("(dp0\nS'caf\\xc3\\xa9'\np1\nS'\\xff'\np2\ns.".utf8)
        guard case .dictionary(let entries) = try PickleReader.read(bytes).value.kind else {
            Issue.record("not a dictionary")
            return
        }
        #expect(entries.first?.key.string == "café")
        guard case .bytes([0xFF]) = entries.first?.value.kind else {
            Issue.record("not bytes")
            return
        }
        let set = Array("c__builtin__\nset\n((lp0\nI1\naI2\natR.".utf8)
        #expect(try PickleReader.read(set).value.list?.count == 2)
    }

    @Test("a value that holds itself is read, and followed only as far as someone follows it")
    func circles() throws {
        let value = try PickleReader.read(Opcodes.pickle(4, Opcodes.emptyList, Opcodes.memoize, [0x68, 0, 0x61])).value
        let inner = try #require(value.list?.first)
        #expect(inner.isSame(as: value))
        #expect(inner.list?.first?.isSame(as: value) == true)
    }

    @Test("numbers of protocol 0 are read", arguments: [("I-7\n", -7), ("L123L\n", 123), ("I01\n", 1), ("F2.0\n", 2)])
    func lines(line: String, expected: Int) throws {
        #expect(try PickleReader.read(Array(line.utf8) + [0x2E]).value.integer == expected)
    }
}
