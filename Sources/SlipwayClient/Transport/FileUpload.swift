// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore
import NIOPosix
import SlipwayCore

/// The bytes of a file as an asynchronous sequence, read chunk by chunk away from the cooperative pool.
struct FileUpload: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    private static let chunkBytes = 1 << 18

    let path: String
    let byteCount: Int
    /// Where in the file the bytes begin.
    private let start: Int
    private let progress: @Sendable (Double) -> Void

    /// Some bytes of a file whose size is known.
    ///
    /// - Parameter progress: Called after each chunk with the fraction of these bytes read, 0 to 1.
    init(path: String, bytes: Range<Int>, progress: @escaping @Sendable (Double) -> Void) {
        self.path = path
        self.progress = progress
        start = bytes.lowerBound
        byteCount = bytes.count
    }

    /// - Parameter progress: Called after each chunk with the fraction read, 0 to 1.
    /// - Throws: ``ClientError`` `fileUnreadable`.
    init(path: String, progress: @escaping @Sendable (Double) -> Void) async throws {
        let size = try await Self.size(of: path)
        self.init(path: path, bytes: 0..<size, progress: progress)
    }

    /// Bytes of a regular file.
    ///
    /// - Throws: ``ClientError`` `fileUnreadable`.
    static func size(of path: String) async throws -> Int {
        try await NIOThreadPool.singleton.runIfActive {
            var information = stat()
            guard stat(path, &information) == 0 else { throw Self.unreadable(path, errno) }
            guard information.st_mode & S_IFMT == S_IFREG else {
                throw ClientError(
                    code: .fileUnreadable, category: .unsupported,
                    message: "'\(path)' is not a regular file: only files can be sent to a server")
            }
            return Int(information.st_size)
        }
    }

    static func unreadable(_ path: String, _ code: Int32) -> ClientError {
        ClientError(
            code: .fileUnreadable, category: code == ENOENT ? .notFound : .invalidInput,
            message: "cannot read '\(path)': \(String(cString: strerror(code)))")
    }

    func makeAsyncIterator() -> Iterator { Iterator(upload: self) }

    /// Closes the file when it goes.
    private final class OpenFile: Sendable {
        let descriptor: Int32

        init(_ path: String, at start: Int) throws {
            descriptor = open(path, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0, lseek(descriptor, off_t(start), SEEK_SET) >= 0 else {
                throw FileUpload.unreadable(path, errno)
            }
        }

        deinit { close(descriptor) }

        func read(upTo count: Int, path: String) throws -> ByteBuffer {
            var buffer = ByteBufferAllocator().buffer(capacity: count)
            var failure: Int32 = 0
            buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { target in
                while true {
                    let received = Glibc.read(descriptor, target.baseAddress, count)
                    if received >= 0 { return received }
                    guard errno == EINTR else {
                        failure = errno
                        return 0
                    }
                }
            }
            guard failure == 0 else { throw FileUpload.unreadable(path, failure) }
            return buffer
        }
    }

    struct Iterator: AsyncIteratorProtocol {
        private let upload: FileUpload
        private var file: OpenFile?
        private var sent = 0

        init(upload: FileUpload) { self.upload = upload }

        mutating func next() async throws -> ByteBuffer? {
            let (path, start) = (upload.path, upload.start)
            // Never more than announced, should the file grow meanwhile.
            let count = Swift.min(FileUpload.chunkBytes, upload.byteCount - sent)
            guard count > 0 else { return nil }
            let known = file
            let (open, chunk) = try await NIOThreadPool.singleton.runIfActive {
                let file = try known ?? OpenFile(path, at: start)
                return (file, try file.read(upTo: count, path: path))
            }
            file = open
            guard chunk.readableBytes > 0 else {
                throw ClientError(
                    code: .fileUnreadable, category: .invalidInput,
                    message: "'\(path)' became shorter while it was sent: try again when nothing writes to it")
            }
            sent += chunk.readableBytes
            upload.progress(Double(sent) / Double(upload.byteCount))
            return chunk
        }
    }
}
