// SPDX-License-Identifier: Apache-2.0

import Glibc
import SlipwayCore
import SlipwayRegistry
import SlipwaySecurity
import Synchronization

/// A new file that is hashed while its bytes come. Its calls block.
final class ReceivedFile: Sendable {
    private struct State {
        var hasher = SHA256Hasher()
        var byteCount = 0
    }

    private let descriptor: Int32
    private let path: String
    private let state = Mutex(State())

    var byteCount: Int { state.withLock { $0.byteCount } }

    /// Makes the file and the folders it is in.
    ///
    /// - Throws: ``RegistryError`` `conflict` when it is there already, `storeFull`, `storeUnavailable`.
    init(_ path: String) throws(RegistryError) {
        try PosixFolder.make(PosixFolder.parent(of: path), mode: 0o755)
        descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o644)
        self.path = path
        guard descriptor >= 0 else { throw RegistryError(systemError: errno, doing: "made", path: path) }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// - Throws: ``RegistryError`` `storeFull`, `storeUnavailable`.
    func append(_ bytes: [UInt8]) throws(RegistryError) {
        do {
            try bytes.withUnsafeBytes { bytes in
                var rest = bytes
                while !rest.isEmpty {
                    switch FileWriter.system.write(descriptor, rest) {
                    case .wrote(let count): rest = UnsafeRawBufferPointer(rebasing: rest[count...])
                    case .failed(EINTR): continue
                    case .failed(let code): throw RegistryError(systemError: code, doing: "written", path: path)
                    }
                }
            }
        } catch let error as RegistryError {
            throw error
        } catch {
            throw RegistryError(.storeUnavailable, "the file cannot be written", cause: error, location: path)
        }
        state.withLock { state in
            state.hasher.update(bytes)
            state.byteCount += bytes.count
        }
    }

    /// What was written.
    func finish() -> (digest: Digest, byteCount: Int) { state.withLock { ($0.hasher.digest(), $0.byteCount) } }
}
