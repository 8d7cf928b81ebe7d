// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A regular file, read by `pread`; any number of threads may read at once.
public final class FileSource: ByteSource {
    public let byteCount: Int
    private let descriptor: Int32
    private let path: String

    /// - Throws: ``FormatError`` `missingFile` when there is none, `unreadable` when it is not a regular file or
    ///   may not be opened.
    public init(path: String) throws(FormatError) {
        guard !path.utf8.contains(0) else { throw FormatError(.unreadable, "the path holds a NUL byte") }
        // Not blocking: opening a named pipe would otherwise wait for its writer.
        let opened = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard opened >= 0 else { throw Self.error(errno, path: path) }
        var status = stat()
        guard fstat(opened, &status) == 0 else {
            let code = errno
            close(opened)
            throw Self.error(code, path: path)
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            close(opened)
            throw FormatError(.unreadable, "'\(path)' is not a regular file", at: path)
        }
        descriptor = opened
        byteCount = Int(status.st_size)
        self.path = path
    }

    deinit { close(descriptor) }

    public func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(FormatError) {
        try checkRange(offset: offset, count: buffer.count)
        var done = 0
        while done < buffer.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
            let count = pread(descriptor, rest.baseAddress, rest.count, off_t(offset + done))
            if count < 0 {
                if errno == EINTR { continue }
                throw Self.error(errno, path: path)
            }
            guard count > 0 else {
                throw FormatError(.truncated, "'\(path)' became shorter while it was read", at: path)
            }
            done += count
        }
    }

    private static func error(_ code: Int32, path: String) -> FormatError {
        let reason = String(cString: strerror(code))
        return FormatError(
            code == ENOENT || code == ENOTDIR ? .missingFile : .unreadable,
            "cannot read '\(path)': \(reason)", at: path)
    }
}
