// SPDX-License-Identifier: Apache-2.0

import Glibc
package import SlipwayCore

import struct Crypto.SHA256

/// Hashes bytes as they come: sha256 of FIPS 180-4.
package struct SHA256Hasher {
    /// Bytes read at a time from a file: large enough to amortise the call, small enough for the cache.
    package static let chunkSize = 1 << 20

    private var state = SHA256()

    package init() {}

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        state.update(bufferPointer: bytes)
    }

    package mutating func update(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { state.update(bufferPointer: $0) }
    }

    /// The digest of everything so far; more may follow.
    package func digest() -> Digest {
        Digest(bytes: Array(state.finalize()))
    }

    package static func digest(of bytes: [UInt8]) -> Digest {
        bytes.withUnsafeBytes { digest(of: $0) }
    }

    package static func digest(of bytes: UnsafeRawBufferPointer) -> Digest {
        var hasher = SHA256Hasher()
        hasher.update(bytes)
        return hasher.digest()
    }

    /// Hashes a whole file; blocks for as long as reading takes, so never call it on the cooperative pool.
    ///
    /// - Throws: ``SecurityError`` `unreadable`.
    package static func digest(ofFileAt path: String) throws(SecurityError) -> Digest {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw unreadable(path, errno) }
        defer { close(descriptor) }
        var hasher = SHA256Hasher()
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: chunkSize, alignment: 64)
        defer { buffer.deallocate() }
        while true {
            let count = read(descriptor, buffer.baseAddress, buffer.count)
            if count > 0 {
                hasher.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            } else if count == 0 {
                return hasher.digest()
            } else if errno != EINTR {
                throw unreadable(path, errno)
            }
        }
    }

    private static func unreadable(_ path: String, _ code: Int32) -> SecurityError {
        SecurityError(
            code: .unreadable, message: "the file cannot be read to hash it (\(String(cString: strerror(code))))",
            location: path)
    }
}
