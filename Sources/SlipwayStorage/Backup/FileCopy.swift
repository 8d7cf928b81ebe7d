// SPDX-License-Identifier: Apache-2.0

import Glibc
package import SlipwayCore
package import SlipwayRegistry

/// What was copied.
package struct CopiedFiles: Sendable, Hashable {
    package var count = 0
    package var byteCount = 0

    package init() {}

    mutating func add(_ byteCount: Int?) {
        guard let byteCount else { return }
        count += 1
        self.byteCount += byteCount
    }
}

/// Copies of single files. All calls block.
package enum FileCopy {
    /// Copies a file as it is when it is opened and read, and waits until the copy is on the disk.
    ///
    /// - Parameter followsLink: Whether the file may be a symbolic link.
    /// - Returns: Its bytes; `nil` where it is not there.
    /// - Throws: ``RegistryError`` `conflict` when the copy is there already, `storeFull`; `CancellationError`.
    package static func copy(
        _ path: String, to target: String, followsLink: Bool = false, until flag: CancellationFlag? = nil
    ) throws -> Int? {
        // The folder of the copy is there: what is not found is the file.
        do {
            return try write(try PosixFile(reading: path, followsLink: followsLink), to: target, until: flag)
        } catch let error as RegistryError where error.code == .notFound {
            return nil
        }
    }

    private static func write(
        _ source: borrowing PosixFile, to target: String, until flag: CancellationFlag?
    ) throws -> Int {
        let copy = try PosixFile(creating: target, mode: 0o600)
        var byteCount = 0
        try source.forEachChunk(until: flag) { chunk in
            try copy.write(chunk)
            byteCount += chunk.count
        }
        try copy.synchronize()
        return byteCount
    }

    package static func byteCount(of path: String) throws(RegistryError) -> Int {
        Int(try PosixFile(reading: path).status().st_size)
    }

    static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
}
