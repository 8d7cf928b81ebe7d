// SPDX-License-Identifier: Apache-2.0

import Glibc
import SlipwayEngine
import Testing

@Suite("Loading libraries")
struct LoadingTests {
    /// The first bytes of a library for the processor with this number.
    private static func header(machine: UInt8, bits: UInt8 = 2, order: UInt8 = 1) -> [UInt8] {
        var bytes: [UInt8] = [0x7F, 0x45, 0x4C, 0x46, bits, order, 1] + [UInt8](repeating: 0, count: 13)
        bytes[16] = 3
        bytes[order == 1 ? 18 : 19] = machine
        return bytes
    }

    @Test(
        "an ELF header names the processor",
        arguments: [
            (62, "x86-64"), (183, "arm64"), (3, "32-bit x86"), (40, "32-bit Arm"), (243, "RISC-V"),
            (21, "ELF machine 21"),
        ] as [(UInt8, String)])
    func architecture(machine: UInt8, name: String) {
        for order: UInt8 in [1, 2] {
            let header = ELFHeader.parse(Self.header(machine: machine, order: order))
            #expect(header?.architecture.description == name)
        }
    }

    @Test("what is no ELF file has no header")
    func noHeader() {
        let whole = Self.header(machine: 62)
        for count in 0..<whole.count { #expect(ELFHeader.parse(Array(whole.prefix(count))) == nil) }
        #expect(ELFHeader.parse(Array("#!/bin/sh\necho not a library\n".utf8)) == nil)
        #expect(ELFHeader.parse(Self.header(machine: 62, bits: 3)) == nil)
        #expect(ELFHeader.parse(Self.header(machine: 62)) != nil)
    }

    @Test("a missing library is named, with what to do about it")
    func missing() {
        #expect {
            try DynamicLibrary(path: "/nonexistent/libengine.so", remedy: "Fetch it.")
        } throws: { error in
            let error = error as? EngineError
            return error?.code == .libraryMissing
                && error?.message == "there is no /nonexistent/libengine.so. Fetch it."
        }
    }

    @Test("a library for another processor, a text and a stump are refused before the loader sees them")
    func unusable() throws {
        let foreign: UInt8 = ProcessorArchitecture.current == .arm64 ? 62 : 183
        let other = ProcessorArchitecture.current == .arm64 ? "x86-64" : "arm64"
        let files: [([UInt8], String)] = [
            (Self.header(machine: foreign), "is built for \(other), this machine needs"),
            (Self.header(machine: 3, bits: 1), "is built for 32-bit x86"),
            (Array("no library at all, only text".utf8), "is not a shared library"),
            ([], "is not a shared library"),
            (Self.header(machine: ProcessorArchitecture.current == .arm64 ? 183 : 62), "cannot open"),
        ]
        for (bytes, expected) in files {
            let path = try Self.temporary(bytes)
            defer { unlink(path) }
            #expect {
                try DynamicLibrary(path: path, remedy: "Fetch it.")
            } throws: { error in
                let error = error as? EngineError
                return error?.code == .libraryUnusable && error?.message.contains(expected) == true
            }
        }
    }

    @Test("an opened library finds its symbols and says which are not there")
    func symbols() throws {
        let library = try DynamicLibrary(path: try #require(Self.mathLibrary), remedy: "")
        let cosine = unsafeBitCast(try library.symbol("cos"), to: (@convention(c) (Double) -> Double).self)
        #expect(cosine(0) == 1)
        #expect {
            _ = try library.symbol("no_such_function")
        } throws: { ($0 as? EngineError)?.message.contains("no_such_function") == true }
    }

    private static let mathLibrary: String? = [
        "/lib/x86_64-linux-gnu/libm.so.6", "/lib/aarch64-linux-gnu/libm.so.6", "/lib64/libm.so.6",
    ].first { (path: String) in access(path, R_OK) == 0 }

    private static func temporary(_ bytes: [UInt8]) throws -> String {
        var template = Array("/tmp/slipway-library-XXXXXX".utf8CString)
        let file = template.withUnsafeMutableBufferPointer { $0.baseAddress.map { mkstemp($0) } ?? -1 }
        try #require(file >= 0)
        defer { close(file) }
        #expect(write(file, bytes, bytes.count) == bytes.count)
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    @Test("processor facts are read from the kernel's text")
    func features() {
        let text = """
            processor\t: 0
            model name\t: Some Processor 9000 @ 2.00GHz
            flags\t\t: fpu avx2 fma avx512f amx_bf16

            processor\t: 1
            model name\t: Another
            flags\t\t: fpu
            """
        let features = CPUFeatures.parse(text)
        #expect(features.model == "Some Processor 9000 @ 2.00GHz")
        #expect(features.notable == ["avx2", "fma", "avx512f", "amx_bf16"])
        let arm = CPUFeatures.parse("processor\t: 0\nFeatures\t: fp asimd i8mm\n")
        #expect(arm.model == nil)
        #expect(arm.notable == ["asimd", "i8mm"])
        #expect(CPUFeatures.parse("").flags.isEmpty)
    }
}
