// SPDX-License-Identifier: Apache-2.0

import Glibc
import SlipwayRegistry
import SlipwaySecurity

/// A file that is read at any place; a name that is removed meanwhile changes nothing. Its calls block.
final class PositionedFile: Sendable {
    private let file: PosixFile

    /// - Throws: ``RegistryError`` `notFound`, `storeUnavailable`.
    init(_ path: String) throws(RegistryError) { file = try PosixFile(reading: path) }

    /// At most a mebibyte from an offset on; empty at the end.
    func read(at offset: Int) throws(RegistryError) -> [UInt8] {
        var failure: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: SHA256Hasher.chunkSize) { buffer, count in
            var got = -1
            repeat {
                got = pread(file.descriptor, buffer.baseAddress, buffer.count, off_t(offset))
            } while got < 0 && errno == EINTR
            if got < 0 { failure = errno }
            count = max(0, got)
        }
        guard failure == 0 else { throw RegistryError(systemError: failure, doing: "read", path: file.path) }
        return bytes
    }
}
