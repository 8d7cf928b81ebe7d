// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
import SlipwaySecurity

/// An artifact store that keeps blobs in memory; only check-outs touch the disk.
package actor InMemoryArtifactStore: ArtifactStore {
    private let scratch: String
    private let access = AccessQueue()
    /// One check-out at a time, so that none sees another's half.
    private let layingOut = AccessQueue()
    private var contents: [Digest: [UInt8]] = [:]

    /// - Parameter scratch: A folder for check-outs, made when it is missing. The caller removes it.
    package init(scratch: String) {
        self.scratch = scratch
    }

    package func put(
        fileAt path: String, progress: @escaping @Sendable (Int) -> Void
    ) async throws -> BlobInfo {
        let bytes = try await BlockingFiles.run { flag in
            var bytes: [UInt8] = []
            try PosixFile(reading: path, followsLink: true).forEachChunk(until: flag) { chunk in
                bytes.append(contentsOf: chunk)
                progress(bytes.count)
            }
            return bytes
        }
        let info = BlobInfo(digest: SHA256Hasher.digest(of: bytes), byteCount: bytes.count)
        contents[info.digest] = bytes
        return info
    }

    package func checkOut(_ files: [BundleFile], bundle: Digest) async throws -> String {
        try BundlePath.check(files)
        var laidOut: [(path: String, bytes: [UInt8])] = []
        for file in files { laidOut.append((file.path, try checked(file.digest))) }
        let folder = scratch + "/" + bundle.hex
        let plan = laidOut
        return try await Self.holding(layingOut, isExclusive: true) {
            try await BlockingFiles.run { _ in
                if !Self.isLaidOut(plan, in: folder) { try Self.layOut(plan, in: folder) }
                return folder
            }
        }
    }

    private static func isLaidOut(_ files: [(path: String, bytes: [UInt8])], in folder: String) -> Bool {
        files.allSatisfy { path, bytes in
            guard let found = try? PosixFile(reading: folder + "/" + path).hashed() else { return false }
            return found.digest == SHA256Hasher.digest(of: bytes)
        }
    }

    private static func layOut(_ files: [(path: String, bytes: [UInt8])], in folder: String) throws {
        try PosixFolder.removeTree(folder)
        for (path, bytes) in files {
            let target = folder + "/" + path
            try PosixFolder.make(PosixFolder.parent(of: target))
            let file = try PosixFile(creating: target, mode: 0o400)
            try bytes.withUnsafeBytes { try file.write($0) }
        }
    }

    package func blobs() async throws -> [BlobInfo] {
        contents.map { BlobInfo(digest: $0.key, byteCount: $0.value.count) }.sorted { $0.digest.hex < $1.digest.hex }
    }

    package func verify(_ digest: Digest) async throws { _ = try checked(digest) }

    package func read(
        _ digest: Digest, from offset: Int, _ body: @Sendable (_ piece: [UInt8]) async throws -> Void
    ) async throws {
        guard let bytes = contents[digest] else { throw RegistryError.noSuchBlob(digest) }
        var position = max(0, offset)
        while position < bytes.count {
            let end = min(bytes.count, position + SHA256Hasher.chunkSize)
            try await body(Array(bytes[position..<end]))
            position = end
        }
    }

    package func remove(_ digest: Digest) async throws { contents[digest] = nil }

    package func removeLeftovers(keeping bundles: Set<Digest>) async throws -> Int {
        let scratch = scratch
        let kept = Set(bundles.map(\.hex))
        return try await BlockingFiles.run { _ in
            try PosixFolder.names(in: scratch).filter { !kept.contains($0) }
                .reduce(0) { $0 + (try PosixFolder.removeTree(scratch + "/" + $1)) }
        }
    }

    package func withSharedAccess<R: Sendable>(_ body: @Sendable () async throws -> R) async throws -> R {
        try await Self.holding(access, isExclusive: false, body)
    }

    package func withExclusiveAccess<R: Sendable>(_ body: @Sendable () async throws -> R) async throws -> R {
        try await Self.holding(access, isExclusive: true, body)
    }

    private static func holding<R: Sendable>(
        _ queue: AccessQueue, isExclusive: Bool, _ body: @Sendable () async throws -> R
    ) async throws -> R {
        await queue.acquire(isExclusive: isExclusive)
        let result: Result<R, any Error>
        do {
            result = .success(try await body())
        } catch {
            result = .failure(error)
        }
        await queue.release(isExclusive: isExclusive)
        return try result.get()
    }

    private func checked(_ digest: Digest) throws -> [UInt8] {
        guard let bytes = contents[digest] else { throw RegistryError.noSuchBlob(digest) }
        let found = SHA256Hasher.digest(of: bytes)
        guard found == digest else { throw RegistryError.corruptBlob(digest, found: found.description) }
        return bytes
    }
}
