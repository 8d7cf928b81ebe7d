// SPDX-License-Identifier: Apache-2.0

package import Glibc
package import SlipwayCore
import SlipwaySecurity

/// An open file, closed with the last use of the value. Its calls block.
package struct PosixFile: ~Copyable {
    package let descriptor: Int32
    package let path: String

    /// Opens a regular file to read it.
    ///
    /// - Parameter followsLink: Whether the last component may be a symbolic link.
    /// - Throws: ``RegistryError`` `notFound`, `storeUnavailable`, or `invalid` when it is no regular file.
    package init(reading path: String, followsLink: Bool = false) throws(RegistryError) {
        // Without O_NONBLOCK opening a pipe would wait for a writer for ever.
        let flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | (followsLink ? 0 : O_NOFOLLOW)
        let descriptor = open(path, flags)
        guard descriptor >= 0 else { throw RegistryError(systemError: errno, doing: "opened", path: path) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw RegistryError(.invalid, "'\(path)' is not a regular file: name a file", location: path)
        }
        self.descriptor = descriptor
        self.path = path
    }

    /// Makes a file that is not there yet, to write it.
    ///
    /// - Throws: ``RegistryError`` `conflict` when it is there, `storeFull`, `storeUnavailable`.
    package init(creating path: String, mode: mode_t) throws(RegistryError) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw RegistryError(systemError: errno, doing: "made", path: path) }
        self.descriptor = descriptor
        self.path = path
    }

    /// Takes an open descriptor over.
    package init(owning descriptor: Int32, path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    deinit { close(descriptor) }

    package func status() throws(RegistryError) -> stat {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw RegistryError(systemError: errno, doing: "examined", path: path)
        }
        return status
    }

    /// Hands the file's bytes on, at most a mebibyte at a time, from the current position to the end.
    ///
    /// - Throws: ``RegistryError``, `CancellationError` when `flag` is set, or what `body` throws.
    package func forEachChunk(
        until flag: CancellationFlag? = nil, _ body: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: SHA256Hasher.chunkSize, alignment: 64)
        defer { buffer.deallocate() }
        while true {
            if flag?.isCancelled == true { throw CancellationError() }
            let count = read(descriptor, buffer.baseAddress, buffer.count)
            if count > 0 {
                try body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            } else if count == 0 {
                return
            } else if errno != EINTR {
                throw RegistryError(systemError: errno, doing: "read", path: path)
            }
        }
    }

    /// The digest of the bytes from the current position to the end, and their number.
    package func hashed(until flag: CancellationFlag? = nil) throws -> BlobInfo {
        var hasher = SHA256Hasher()
        var byteCount = 0
        try forEachChunk(until: flag) { chunk in
            hasher.update(chunk)
            byteCount += chunk.count
        }
        return BlobInfo(digest: hasher.digest(), byteCount: byteCount)
    }

    /// Writes all of `bytes`.
    ///
    /// - Throws: ``RegistryError`` `storeFull` when the disk, a quota or a size limit is reached.
    package func write(
        _ bytes: UnsafeRawBufferPointer, using writer: FileWriter = .system
    ) throws(RegistryError) {
        var rest = bytes
        while !rest.isEmpty {
            switch writer.write(descriptor, rest) {
            case .wrote(let count): rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            case .failed(EINTR): continue
            case .failed(let code): throw RegistryError(systemError: code, doing: "written", path: path)
            }
        }
    }

    /// Waits until the bytes are on the disk.
    package func synchronize() throws(RegistryError) {
        guard fsync(descriptor) == 0 else {
            throw RegistryError(systemError: errno, doing: "flushed", path: path)
        }
    }

    /// Removes a name where a failure to do so changes nothing for the caller.
    package static func unlinkQuietly(_ path: String) { unlink(path) }
}

/// How bytes go into a file: a seam, so that a test can fill a disk.
package struct FileWriter: Sendable {
    package enum Outcome: Sendable {
        /// 1 or more, at most what was given.
        case wrote(Int)
        /// The system's error number.
        case failed(Int32)
    }

    /// Writes some of the bytes, at least one, to the descriptor.
    package let write: @Sendable (Int32, UnsafeRawBufferPointer) -> Outcome

    package init(write: @escaping @Sendable (Int32, UnsafeRawBufferPointer) -> Outcome) {
        self.write = write
    }

    package static let system = FileWriter { descriptor, bytes in
        let count = Glibc.write(descriptor, bytes.baseAddress, bytes.count)
        return count > 0 ? .wrote(count) : .failed(count == 0 ? EIO : errno)
    }
}

extension RegistryError {
    /// An error of the operating system in the registry's terms.
    ///
    /// - Parameter action: A participle: the file cannot be *opened*.
    package init(systemError number: Int32, doing action: String, path: String) {
        let reason = String(cString: strerror(number))
        switch number {
        case ENOSPC, EDQUOT, EFBIG:
            self.init(
                .storeFull,
                "the file cannot be \(action), there is no room (\(reason)): free some space or run "
                    + "'slipway gc'", location: path)
        case ENOENT, ENOTDIR:
            self.init(.notFound, "the file cannot be \(action), it is not there (\(reason))", location: path)
        case EEXIST:
            self.init(.conflict, "the file cannot be \(action), it is there already: name a new one", location: path)
        case EACCES, EPERM, EROFS:
            self.init(
                .storeUnavailable, "the file cannot be \(action) (\(reason)): check its owner and permissions",
                location: path)
        default:
            self.init(.storeUnavailable, "the file cannot be \(action) (\(reason))", location: path)
        }
    }
}
