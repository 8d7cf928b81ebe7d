// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A file that appears whole under its name, or not at all.
final class OutputFile: Sendable {
    private let path: String
    private let temporary: String
    private let descriptor: Int32

    /// - Throws: ``ValidationFailure`` where it cannot be made.
    init(folder: String, name: String, mode: mode_t = 0o600) throws {
        // A server's word must not lead out of the folder.
        guard !name.isEmpty, !name.contains("/"), !name.hasPrefix("."), !name.utf8.contains(0) else {
            throw ValidationFailure("'\(name.prefix(60))' is not the name of a file")
        }
        path = folder + "/" + name
        var known = stat()
        // A device's name, as /dev/null is, must not be taken from it.
        guard stat(path, &known) != 0 || known.st_mode & S_IFMT == S_IFREG else {
            throw ValidationFailure("'\(path)' is there and is no file: name another")
        }
        temporary = path + ".partial"
        descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw Self.failure(temporary) }
    }

    deinit { close(descriptor) }

    func write(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { raw in
            var offset = 0
            while offset < raw.count {
                let written = Glibc.write(descriptor, raw.baseAddress?.advanced(by: offset), raw.count - offset)
                if written < 0, errno == EINTR { continue }
                guard written > 0 else { throw Self.failure(temporary) }
                offset += written
            }
        }
    }

    /// Gives the file its name, and returns its path.
    func finish() throws -> String {
        guard rename(temporary, path) == 0 else { throw Self.failure(path) }
        return path
    }

    private static func failure(_ path: String) -> ValidationFailure {
        ValidationFailure("cannot write '\(path)': \(String(cString: strerror(errno)))")
    }
}

/// Folders that files are written to.
enum OutputFolder {
    /// Makes a folder and those it is in, where they are missing.
    ///
    /// - Throws: ``ValidationFailure`` that names the one that cannot be made.
    static func make(_ path: String) throws {
        var made = path.hasPrefix("/") ? "/" : ""
        for part in path.split(separator: "/") {
            made += made.isEmpty || made.hasSuffix("/") ? String(part) : "/" + part
            guard mkdir(made, 0o755) == 0 || errno == EEXIST else {
                throw ValidationFailure("cannot make the folder '\(made)': \(String(cString: strerror(errno)))")
            }
        }
    }
}
