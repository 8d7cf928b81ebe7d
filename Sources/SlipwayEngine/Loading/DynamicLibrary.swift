// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A shared library opened at run time.
///
/// It stays open for the rest of the process: engines start threads and keep statics whose
/// destructors do not expect the code to be gone.
package struct DynamicLibrary: @unchecked Sendable {
    // Unchecked: the handle is a number that dlsym may use from any thread.
    private let handle: UnsafeMutableRawPointer
    package let path: String

    /// Opens the library, its symbols visible to nobody else.
    ///
    /// - Parameters:
    ///   - path: Of the file.
    ///   - remedy: What the user can do when it is missing or unusable, as a sentence.
    /// - Throws: ``EngineError`` `libraryMissing` when there is no such file, `libraryUnusable` when it is
    ///   no library, is made for another processor, or the loader refuses it.
    package init(path: String, remedy: String) throws(EngineError) {
        let start = try Self.readStart(of: path, remedy: remedy)
        if let refusal = Self.refusal(start, running: .current) {
            throw EngineError(code: .libraryUnusable, message: "\(path) \(refusal). \(remedy)")
        }
        guard let handle = dlopen(path, RTLD_NOW | RTLD_LOCAL) else {
            throw EngineError(
                code: .libraryUnusable, message: "cannot open \(path): \(Self.lastError()). \(remedy)")
        }
        self.handle = handle
        self.path = path
    }

    /// The address of an exported function or variable.
    ///
    /// - Throws: ``EngineError`` `libraryUnusable` when the library has none of that name.
    package func symbol(_ name: String) throws(EngineError) -> UnsafeMutableRawPointer {
        guard let address = dlsym(handle, name) else {
            throw EngineError(
                code: .libraryUnusable,
                message: "\(path) has no symbol \(name): it is another library, or another version of it")
        }
        return address
    }

    /// Why a file that starts with `bytes` cannot be opened on `running`; `nil` when nothing speaks against it.
    static func refusal(_ bytes: [UInt8], running: ProcessorArchitecture) -> String? {
        guard let header = ELFHeader.parse(bytes) else { return "is not a shared library (no ELF header)" }
        guard header.is64Bit, header.architecture == running else {
            return "is built for \(header.architecture), this machine needs \(running)"
        }
        return nil
    }

    private static func readStart(of path: String, remedy: String) throws(EngineError) -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            let reason = errno
            guard reason == ENOENT || reason == ENOTDIR else {
                throw EngineError(
                    code: .libraryUnusable,
                    message: "cannot read \(path): \(String(cString: strerror(reason))). \(remedy)")
            }
            throw EngineError(code: .libraryMissing, message: "there is no \(path). \(remedy)")
        }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: ELFHeader.byteCount)
        let count = bytes.withUnsafeMutableBytes { pread(file, $0.baseAddress, $0.count, 0) }
        return Array(bytes.prefix(max(0, count)))
    }

    private static func lastError() -> String {
        dlerror().map { String(cString: $0) } ?? "no reason given"
    }
}
