// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats
import Testing

/// The public families of attacks on pickles. Nothing of them can run here: what is tested is that each is seen for
/// what it is, and that none takes more than its limits.
@Suite("Attacks by pickle")
struct PickleAttackTests {
    struct Attack: CustomTestStringConvertible, Sendable {
        let name: String
        let bytes: [UInt8]
        let severity: PickleFinding.Severity
        var testDescription: String { name }

        init(_ name: String, _ bytes: [UInt8]) {
            (self.name, self.bytes, severity) = (name, bytes, .high)
        }

        init(_ name: String, medium bytes: [UInt8]) {
            (self.name, self.bytes, severity) = (name, bytes, .medium)
        }
    }

    static let whole: [Attack] = [
        Attack("REDUCE, protocol 0", Array("cposix\nsystem\n(S'id'\ntR.".utf8)),
        Attack(
            "REDUCE, protocol 4",
            Opcodes.pickle(4, Opcodes.stackGlobal("posix", "system"), Opcodes.text("id"), [0x85, 0x52])),
        Attack("INST", Array("(S'id'\nios\nsystem\n.".utf8)),
        Attack("OBJ", Array("(cos\nsystem\nS'id'\no.".utf8)),
        Attack("NEWOBJ", Opcodes.pickle(4, Opcodes.global("subprocess", "Popen"), Opcodes.text("id"), [0x85, 0x81])),
        Attack("NEWOBJ_EX", Opcodes.pickle(4, Opcodes.global("subprocess", "Popen"), [0x29, 0x7D, 0x92])),
        Attack("EXT1", Opcodes.pickle(2, [0x82, 5, 0x29, 0x52])),
        Attack("EXT2", Opcodes.pickle(2, [0x83, 5, 0])),
        Attack("EXT4", Opcodes.pickle(2, [0x84, 5, 0, 0, 0])),
        Attack("PERSID", medium: Array("Pos.system\n.".utf8)),
        Attack("BINPERSID", medium: Opcodes.pickle(4, Opcodes.text("id"), [0x51])),
        Attack("eval", Opcodes.pickle(4, Opcodes.global("builtins", "eval"), Opcodes.text("1"), [0x85, 0x52])),
        Attack("Python 2's eval", Opcodes.pickle(2, Opcodes.global("__builtin__", "eval"))),
        Attack("getattr", Opcodes.pickle(4, Opcodes.global("builtins", "getattr"))),
        Attack(
            "a class of the file's making",
            Opcodes.pickle(4, Opcodes.global("builtins", "type"), Opcodes.text("X"), [0x29, 0x7D, 0x87, 0x52])),
        Attack(
            "a class that is not known",
            medium: Opcodes.pickle(4, Opcodes.global("my_package.models", "Net"), [0x29, 0x81])),
        Attack("names whatever they are called", medium: Opcodes.pickle(4, Opcodes.global("numpyx", "ndarray"))),
        Attack("a module through a module", Opcodes.pickle(4, Opcodes.stackGlobal("sklearn.utils.fixes", "os.system"))),
        Attack("a function through a module", Opcodes.pickle(4, Opcodes.stackGlobal("sklearn.utils.x", "Popen"))),
        Attack(
            "a function through numpy",
            Opcodes.pickle(4, Opcodes.stackGlobal("numpy.testing._private.utils", "runstring"))),
        Attack(
            "a name as the argument of a rebuilding function",
            Opcodes.pickle(
                4, Opcodes.global("numpy._core", "_ufunc_reconstruct"), Opcodes.text("os"), Opcodes.text("system"),
                [0x86, 0x52])),
        Attack(
            "a function in a partial function",
            Opcodes.pickle(4, Opcodes.global("functools", "partial"), Opcodes.global("os", "system"), [0x85, 0x52])),
        Attack(
            "the result of a call is called",
            Opcodes.pickle(4, Opcodes.global("sklearn.svm._classes", "SVC"), [0x29, 0x52, 0x29, 0x52])),
        Attack(
            "a function that is only to be named is called",
            medium: Opcodes.pickle(4, Opcodes.global("sklearn.utils.validation", "check_array"), [0x29, 0x52])),
        Attack("a class is changed", Opcodes.pickle(4, Opcodes.global("sklearn.base", "BaseEstimator"), [0x7D, 0x62])),
        Attack(
            "a pickle that loads a pickle",
            Opcodes.pickle(4, Opcodes.global("_pickle", "loads"), Opcodes.bytes([0x4E, 0x2E]), [0x85, 0x52])),
        Attack("joblib.load", Opcodes.pickle(4, Opcodes.global("joblib", "load"))),
        Attack("torch.load", Opcodes.pickle(4, Opcodes.global("torch", "load"))),
        Attack("numpy.load", Opcodes.pickle(4, Opcodes.global("numpy", "load"))),
    ]

    @Test("is found, and the file is refused", arguments: whole)
    func found(attack: Attack) throws {
        let document = try PickleReader.read(attack.bytes)
        #expect(document.findings.map(\.severity).max() == attack.severity)
        let error = try #require(throws: FormatError.self) { try document.requireClean() }
        #expect(error.code == .unsupported)
        let report = try ScanReport.scan(MemorySource(attack.bytes))
        #expect(!report.isClean)
    }

    static let broken: [(String, [UInt8])] = [
        ("truncated", Opcodes.pickle(4, Opcodes.shell()).dropLast()),
        ("broken after the call", Opcodes.pickle(4, Opcodes.shell()).dropLast() + [0xFF, 0xFF]),
        ("broken without any announcement", Opcodes.shell() + [0xFF]),
        ("with a hole in the stack after the call", [0x80, 4] + Opcodes.shell() + [0x30, 0x30, 0x2E]),
        ("with an unknown memo after the call", [0x80, 4] + Opcodes.shell() + [0x68, 9, 0x2E]),
    ]

    @Test("a stream that breaks off is no value, and what would have run before is found", arguments: broken)
    func breaks(name: String, bytes: [UInt8]) throws {
        #expect(throws: FormatError.self) { try PickleReader.read(bytes) }
        let report = try ScanReport.scan(MemorySource(bytes))
        #expect(report.findings.contains { $0.message.contains("posix.system('id')") && $0.severity == .high })
    }

    @Test("what lies behind STOP is looked at, and does not change the value")
    func behindStop() throws {
        let bytes = Opcodes.pickle(4, Opcodes.none) + Opcodes.pickle(4, Opcodes.shell())
        let document = try PickleReader.read(bytes)
        #expect(document.value.isNone)
        #expect(document.findings.map(\.severity) == [.low])
        let report = try ScanReport.scan(MemorySource(bytes))
        #expect(report.pickleCount == 2)
        #expect(report.severity == .high)
    }

    @Test("a memo that is written again names what was written last, and the name is found")
    func memoConfusion() throws {
        // A scanner that looks back for the last texts sees collections.OrderedDict.
        let bytes = Opcodes.pickle(
            4, Opcodes.text("os"), [0x71, 0], [0x30], Opcodes.text("system"), [0x71, 1], [0x30],
            [0x68, 0], [0x68, 1], Opcodes.text("collections"), [0x30], Opcodes.text("OrderedDict"), [0x30], [0x93])
        let finding = try #require(try PickleReader.read(bytes).findings.first)
        #expect(finding.name == PickleName("os", "system"))
        #expect(finding.opcode == "STACK_GLOBAL")
        let numbered = Opcodes.pickle(
            4, Opcodes.none, [0x72], Opcodes.littleEndian(UInt32(70000)), [0x30], Opcodes.text("os"), Opcodes.memoize,
            [0x68, 1])
        #expect(try PickleReader.read(numbered).value.string == "os")
    }

    @Test("pickles in bytes are looked into")
    func nested() throws {
        let inner = Opcodes.pickle(4, Opcodes.shell())
        let bytes = Opcodes.pickle(4, Opcodes.bytes(Opcodes.pickle(4, Opcodes.bytes(inner))))
        #expect(try PickleReader.read(bytes).findings.isEmpty)
        let report = try ScanReport.scan(MemorySource(bytes))
        #expect(report.pickleCount == 3)
        #expect(report.severity == .high)
        #expect(report.findings.first?.member?.contains("bytes at offset") == true)
    }

    static let large: [(String, [UInt8], FormatError.Code)] = [
        ("LONG4 of 2 GiB", [0x80, 2, 0x8B, 0xFF, 0xFF, 0xFF, 0x7F, 0x2E], .limitExceeded),
        ("LONG4 of negative length", [0x80, 2, 0x8B, 0xFF, 0xFF, 0xFF, 0xFF, 0x2E], .malformed),
        (
            "text of 2^60 bytes", [0x80, 4, 0x8D] + Opcodes.littleEndian(UInt64(1) << 60) + [0x78, 0x2E], .limitExceeded
        ),
        ("bytes of 2^64 - 1 bytes", [0x80, 4, 0x8E] + Opcodes.littleEndian(UInt64.max) + [0x2E], .limitExceeded),
        ("bytes of 4 GiB", [0x80, 4, 0x42, 0xFF, 0xFF, 0xFF, 0xFF, 0x2E], .truncated),
        ("frame of 2^64 - 1 bytes", [0x80, 4, 0x95] + Opcodes.littleEndian(UInt64.max) + [0x2E], .limitExceeded),
        ("memo number 2^32 - 1", [0x80, 4, 0x4E, 0x72, 0xFF, 0xFF, 0xFF, 0xFF, 0x2E], .limitExceeded),
        ("marks without end", [UInt8](repeating: 0x28, count: 5000), .limitExceeded),
        ("number of 5000 digits", Array("L\(String(repeating: "9", count: 5000))L\n.".utf8), .limitExceeded),
        ("line without end", [0x56] + [UInt8](repeating: 0x61, count: 100_000), .limitExceeded),
        ("array of 2^62 elements", array(shape: [1 << 31, 1 << 31]), .malformed),
        ("array of 2^126 elements", array(shape: [1 << 62, 1 << 62, 4]), .malformed),
        ("array of negative size", array(shape: [-1]), .malformed),
    ]

    /// An array of 8 bytes that says it has another shape.
    static func array(shape: [Int64]) -> [UInt8] {
        let sizes = shape.flatMap { [0x8A, 8] + Opcodes.littleEndian($0) as [UInt8] }
        return Opcodes.pickle(
            4, Opcodes.global("numpy._core.numeric", "_frombuffer"), Opcodes.mark,
            Opcodes.bytes([UInt8](repeating: 0, count: 8)),
            Opcodes.global("numpy", "dtype"), Opcodes.text("f8"), [0x85, 0x52], Opcodes.mark, sizes, [0x74],
            Opcodes.text("C"), [0x74, 0x52])
    }

    @Test("a length is refused before memory is taken for it", arguments: large)
    func lengths(name: String, bytes: [UInt8], code: FormatError.Code) throws {
        let error = try #require(throws: FormatError.self) { try PickleReader.read(bytes) }
        #expect(error.code == code)
        #expect(!(try ScanReport.scan(MemorySource(bytes)).isClean))
    }

    @Test("values that double 64 times take no more than their bytes, and are found out")
    func expansion() throws {
        let doubled = Opcodes.pickle(
            4, Opcodes.text("x"), [[UInt8]](repeating: [0x32, 0x86], count: 64).flatMap { $0 })
        let document = try PickleReader.read(doubled)
        #expect(document.findings.contains { $0.message.contains("expansion bomb") })
        // The same by the memo: each list holds the one before twice.
        var parts: [UInt8] = Opcodes.emptyList + Opcodes.memoize
        for number in 0..<60 {
            parts +=
                [0x30] + Opcodes.emptyList + Opcodes.memoize + [0x28, 0x68, UInt8(number), 0x68, UInt8(number), 0x65]
        }
        #expect(throws: FormatError.self) { try PickleReader.read(Opcodes.pickle(4, parts)).requireClean() }
        let shared = Opcodes.pickle(
            4, Opcodes.emptyList, Opcodes.memoize, [0x30], Opcodes.emptyList, [0x28],
            [[UInt8]](repeating: [0x68, 0], count: 100).flatMap { $0 }, [0x65])
        #expect(try PickleReader.read(shared).findings.isEmpty)
    }

    @Test("limits on values and bytes hold")
    func limits() throws {
        let many = Opcodes.pickle(4, [0x28], [[UInt8]](repeating: [0x4B, 1], count: 1000).flatMap { $0 }, [0x74])
        #expect(try PickleReader.read(many).value.list?.count == 1000)
        let error = try #require(throws: FormatError.self) {
            try PickleReader.read(many, limits: PickleLimits(nodeCount: 100))
        }
        #expect(error.code == .limitExceeded)
        let zeros = [UInt8](repeating: 0, count: 1 << 20)
        let packed = try Deflate.compress(Opcodes.pickle(4, Opcodes.bytes(zeros)), framing: .zlib)
        #expect(try PickleReader.read(packed).findings.isEmpty)
        let bomb = try #require(throws: FormatError.self) {
            try PickleReader.read(packed, limits: PickleLimits(byteCount: 1 << 16))
        }
        #expect(bomb.code == .limitExceeded)
    }

    @Test("many dangerous names make many findings, and each one only once")
    func findings() throws {
        let calls = (0..<3000).flatMap { number -> [UInt8] in Opcodes.global("os", "f\(number % 1500)") + [0x30] }
        let document = try PickleReader.read(Opcodes.pickle(4, calls, Opcodes.none))
        #expect(document.findings.count == 1000)
        #expect(document.findings.first?.offset == 2)
    }
}
