// SPDX-License-Identifier: Apache-2.0

import Glibc
package import SlipwayCore
package import SlipwayRegistry
import SlipwaySecurity

/// An artifact store in a home's folder, shared safely by any number of processes of one machine.
///
/// Blobs are `blobs/sha256/ab/<digest>`, read-only, their first two digits as the folder between; what is being
/// written is in `blobs/tmp`, check-outs are in `cache/bundles`.
package struct FolderArtifactStore: ArtifactStore {
    let layout: HomeLayout
    let writer: FileWriter
    private let lock: SharedFileLock

    /// - Parameters:
    ///   - root: The home's folder; folders below are made when they are needed.
    ///   - patience: How long to wait for shared or exclusive access.
    ///   - writer: How blobs' bytes are written.
    package init(root: String, patience: Duration = .seconds(600), writer: FileWriter = .system) {
        layout = HomeLayout(root: root)
        self.writer = writer
        lock = SharedFileLock(
            gatePath: layout.blobs + "/.gate", path: layout.blobs + "/.lock", patience: patience)
    }

    var temporary: String { layout.blobs + "/tmp" }
    var bundles: String { layout.cache + "/bundles" }
    private var addresses: String { layout.blobs + "/sha256" }

    private func folder(of digest: Digest) -> String { addresses + "/" + digest.hex.prefix(2) }

    func path(of digest: Digest) -> String { folder(of: digest) + "/" + digest.hex }

    package func put(
        fileAt path: String, progress: @escaping @Sendable (Int) -> Void
    ) async throws -> BlobInfo {
        try await BlockingFiles.run { flag in
            let source = try PosixFile(reading: path, followsLink: true)
            try PosixFolder.make(temporary)
            let draft = temporary + "/" + Self.randomName()
            let file = try PosixFile(creating: draft, mode: 0o600)
            defer { PosixFile.unlinkQuietly(draft) }
            // Says to removeLeftovers that this one is still being written.
            _ = try FileLock.hold(file.descriptor, isExclusive: true, path: draft)
            var hasher = SHA256Hasher()
            var byteCount = 0
            try source.forEachChunk(until: flag) { chunk in
                try file.write(chunk, using: writer)
                hasher.update(chunk)
                byteCount += chunk.count
                progress(byteCount)
            }
            let info = BlobInfo(digest: hasher.digest(), byteCount: byteCount)
            if try size(of: info.digest) != byteCount { try keep(file, as: info.digest) }
            return info
        }
    }

    package func blobs() async throws -> [BlobInfo] {
        try await BlockingFiles.run { _ in
            var blobs: [BlobInfo] = []
            for folder in try PosixFolder.names(in: addresses) {
                for name in try PosixFolder.names(in: addresses + "/" + folder) {
                    guard name.hasPrefix(folder), let digest = Digest(hex: name), let size = try size(of: digest)
                    else { continue }
                    blobs.append(BlobInfo(digest: digest, byteCount: size))
                }
            }
            return blobs
        }
    }

    package func verify(_ digest: Digest) async throws {
        try await BlockingFiles.run { try check(digest, until: $0) }
    }

    package func read(
        _ digest: Digest, from offset: Int, _ body: @Sendable (_ piece: [UInt8]) async throws -> Void
    ) async throws {
        let path = path(of: digest)
        let blob = try await BlockingFiles.run { _ in
            do {
                return try PositionedFile(path)
            } catch let error as RegistryError where error.code == .notFound {
                throw RegistryError.noSuchBlob(digest)
            }
        }
        var position = max(0, offset)
        while true {
            let start = position
            let piece = try await BlockingFiles.run { _ in try blob.read(at: start) }
            guard !piece.isEmpty else { return }
            try await body(piece)
            position += piece.count
        }
    }

    package func remove(_ digest: Digest) async throws {
        try await BlockingFiles.run { _ in
            if unlink(path(of: digest)) != 0 {
                if errno == ENOENT { return }
                throw RegistryError(systemError: errno, doing: "removed", path: path(of: digest))
            }
            try PosixFolder.synchronize(folder(of: digest))
        }
    }

    package func withSharedAccess<R: Sendable>(_ body: @Sendable () async throws -> R) async throws -> R {
        try await withAccess(isExclusive: false, body)
    }

    package func withExclusiveAccess<R: Sendable>(_ body: @Sendable () async throws -> R) async throws -> R {
        try await withAccess(isExclusive: true, body)
    }

    private func withAccess<R: Sendable>(
        isExclusive: Bool, _ body: @Sendable () async throws -> R
    ) async throws -> R {
        let blobs = layout.blobs
        try await BlockingFiles.run { _ in try PosixFolder.make(blobs) }
        let held = try await lock.acquire(isExclusive: isExclusive)
        let result = try await body()
        _ = consume held
        return result
    }

    /// Gives a written file its address; a damaged blob of that name is replaced.
    private func keep(_ file: borrowing PosixFile, as digest: Digest) throws {
        guard fchmod(file.descriptor, 0o444) == 0 else {
            throw RegistryError(systemError: errno, doing: "protected", path: file.path)
        }
        try file.synchronize()
        let folder = folder(of: digest)
        try PosixFolder.make(folder)
        guard rename(file.path, path(of: digest)) == 0 else {
            throw RegistryError(systemError: errno, doing: "renamed", path: file.path)
        }
        // The new name, and the folder's own name should it be new.
        for folder in [folder, addresses, layout.blobs] { try PosixFolder.synchronize(folder) }
    }

    /// The size of a blob's file; `nil` when there is none.
    private func size(of digest: Digest) throws(RegistryError) -> Int? {
        var status = stat()
        if lstat(path(of: digest), &status) == 0 { return Int(status.st_size) }
        guard errno == ENOENT else {
            throw RegistryError(systemError: errno, doing: "examined", path: path(of: digest))
        }
        return nil
    }

    /// Hashes a blob and compares the digest with its address.
    func check(_ digest: Digest, until flag: CancellationFlag) throws {
        let file: PosixFile
        do throws(RegistryError) {
            file = try PosixFile(reading: path(of: digest))
        } catch {
            throw error.code == .notFound ? RegistryError.noSuchBlob(digest) : error
        }
        let found = try file.hashed(until: flag)
        guard found.digest == digest else {
            throw RegistryError.corruptBlob(digest, found: "\(found.byteCount) bytes with \(found.digest)")
        }
    }

    static func randomName() -> String {
        var generator = SystemRandomNumberGenerator()
        return String(generator.next(), radix: 16) + String(generator.next(), radix: 16)
    }
}
