// SPDX-License-Identifier: Apache-2.0

import Glibc
import HummingbirdCore
import NIOCore
import NIOPosix

/// A body that was received into a file of its own, whatever its size.
struct UploadedFile: Sendable {
    let path: String

    /// Writes the body as it comes; memory stays at one buffer.
    ///
    /// - Throws: ``ServerError`` `badBody` when the body ends early or the disk is full; nothing is left behind.
    static func receive(_ body: RequestBody, in folder: String) async throws -> UploadedFile {
        var template = Array((folder + "/upload-XXXXXX").utf8CString)
        let descriptor = mkstemp(&template)
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard descriptor >= 0 else {
            throw ServerError(.unfinished, "cannot make a file for the upload: \(String(cString: strerror(errno)))")
        }
        let file = UploadedFile(path: path)
        defer { close(descriptor) }
        do {
            for try await part in body {
                // Off the cooperative pool: a slow disk must not hold up requests.
                try await NIOThreadPool.singleton.runIfActive { try Self.write(part, to: descriptor) }
            }
        } catch {
            file.remove()
            if error is ServerError { throw error }
            throw ServerError(.badBody, "the upload ended early", cause: error)
        }
        return file
    }

    func remove() { unlink(path) }

    private static func write(_ buffer: ByteBuffer, to descriptor: Int32) throws {
        try buffer.withUnsafeReadableBytes { bytes in
            var offset = 0
            while offset < bytes.count {
                let written = Glibc.write(descriptor, bytes.baseAddress?.advanced(by: offset), bytes.count - offset)
                if written < 0, errno == EINTR { continue }
                guard written > 0 else {
                    throw ServerError(.unfinished, "cannot store the upload: \(String(cString: strerror(errno)))")
                }
                offset += written
            }
        }
    }
}
