// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
package import SlipwayRegistry
import SlipwaySecurity
import Synchronization
import Testing

/// What every ``ArtifactStore`` must do.
package enum ArtifactStoreConformance {
    package struct Subject: Sendable {
        package let store: any ArtifactStore
        /// For the files that are put in.
        package let folder: TemporaryFolder

        package init(store: any ArtifactStore, folder: TemporaryFolder) {
            self.store = store
            self.folder = folder
        }

        func put(_ bytes: [UInt8], name: String = "source") async throws -> BlobInfo {
            let path = try folder.file(name, bytes)
            defer { PosixFile.unlinkQuietly(path) }
            return try await store.put(fileAt: path, progress: { _ in })
        }
    }

    package typealias Behaviour = ConformanceBehaviour<Subject>

    package static let behaviours: [Behaviour] = keeping + layingOut + access

    private static func text(_ text: String) -> [UInt8] { Array(text.utf8) }

    /// Longer than one chunk and no multiple of it.
    private static let long = (0..<(SHA256Hasher.chunkSize + 1234)).map { UInt8(truncatingIfNeeded: $0 / 7) }

    private static let keeping: [Behaviour] = [
        Behaviour("keeps a file under the digest of its bytes, whatever its size") { subject in
            for bytes in [[], text("a"), long] {
                let info = try await subject.put(bytes)
                #expect(info == BlobInfo(digest: SHA256Hasher.digest(of: bytes), byteCount: bytes.count))
                try await subject.store.verify(info.digest)
                #expect(try await subject.store.blobs().contains(info))
            }
            #expect(try await subject.store.blobs().count == 3)
        },
        Behaviour("keeps equal files once, however many are put at the same time") { subject in
            let infos = try await withThrowingTaskGroup(of: BlobInfo.self) { group in
                for index in 0..<16 {
                    group.addTask { try await subject.put(text("content \(index % 2)"), name: "source\(index)") }
                }
                return try await group.reduce(into: Set<BlobInfo>()) { $0.insert($1) }
            }
            #expect(infos.count == 2)
            #expect(try await Set(subject.store.blobs()) == infos)
        },
        Behaviour("tells how far it has come") { subject in
            let path = try subject.folder.file("long", long)
            let seen = Mutex<[Int]>([])
            _ = try await subject.store.put(fileAt: path) { count in seen.withLock { $0.append(count) } }
            let counts = seen.withLock { $0 }
            #expect(counts == counts.sorted())
            #expect(counts.last == long.count)
            #expect(counts.count > 1)
        },
        Behaviour("refuses what is no file") { subject in
            await expect(.notFound) {
                _ = try await subject.store.put(fileAt: subject.folder.path + "/nothing", progress: { _ in })
            }
            await expect(.invalid) {
                _ = try await subject.store.put(fileAt: subject.folder.path, progress: { _ in })
            }
            let blobs = try await subject.store.blobs()
            #expect(blobs.isEmpty)
        },
        Behaviour("hands a blob on in pieces, from any place in it") { subject in
            let info = try await subject.put(long)
            for offset in [0, 1, SHA256Hasher.chunkSize, long.count - 1, long.count] {
                let pieces = Mutex<[[UInt8]]>([])
                try await subject.store.read(info.digest, from: offset) { piece in pieces.withLock { $0.append(piece) }
                }
                let read = pieces.withLock { $0 }
                #expect(read.allSatisfy { (1...SHA256Hasher.chunkSize).contains($0.count) })
                #expect(read.flatMap(\.self) == Array(long[offset...]))
            }
            let other = SHA256Hasher.digest(of: text("not there"))
            await expect(.notFound) { try await subject.store.read(other, from: 0) { _ in } }
        },
        Behaviour("removes a blob, and does nothing when it is not there") { subject in
            let info = try await subject.put(text("a"))
            try await subject.store.remove(info.digest)
            try await subject.store.remove(info.digest)
            #expect(try await subject.store.blobs().isEmpty)
            await expect(.notFound) { try await subject.store.verify(info.digest) }
        },
    ]

    private static let layingOut: [Behaviour] = [
        Behaviour("lays a bundle out under its own paths, again and again") { subject in
            let (files, bundle) = try await bundle(
                subject, ["model.onnx": "m", "data/a/w.bin": "w", "data/v.bin": "w"])
            for _ in 0..<2 {
                let folder = try await subject.store.checkOut(files, bundle: bundle)
                #expect(folder.hasPrefix("/"))
                for (path, content) in [("model.onnx", "m"), ("data/a/w.bin", "w"), ("data/v.bin", "w")] {
                    #expect(try TemporaryFolder.contents(of: folder + "/" + path) == text(content))
                }
            }
        },
        Behaviour("lays a bundle out for many at the same time") { subject in
            let (files, bundle) = try await bundle(subject, ["model.onnx": "m", "data/w.bin": "w"])
            let folders = try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<12 { group.addTask { try await subject.store.checkOut(files, bundle: bundle) } }
                return try await group.reduce(into: Set<String>()) { $0.insert($1) }
            }
            let folder = try #require(folders.first)
            #expect(folders.count == 1)
            #expect(try TemporaryFolder.contents(of: folder + "/data/w.bin") == text("w"))
        },
        Behaviour("refuses paths that leave the bundle or collide") { subject in
            let info = try await subject.put(text("a"))
            let file = { BundleFile(path: $0, digest: info.digest, byteCount: 1) }
            let paths = ["", "/a", "../a", "a/../../b", "a//b", "./a", "a/", "a\u{0}b", "a\\b", "a\nb"]
            for bad in paths.map({ [$0] }) + [["a", "a"], ["a", "a/b"]] {
                await expect(.invalid) {
                    _ = try await subject.store.checkOut(bad.map(file), bundle: info.digest)
                }
            }
        },
        Behaviour("refuses a bundle whose blob is missing") { subject in
            let (files, bundle) = try await bundle(subject, ["model.onnx": "m"])
            try await subject.store.remove(files[0].digest)
            await expect(.notFound) { _ = try await subject.store.checkOut(files, bundle: bundle) }
        },
        Behaviour("removes the check-outs that nobody keeps") { subject in
            let (kept, keptBundle) = try await bundle(subject, ["model.onnx": "kept"])
            let (gone, goneBundle) = try await bundle(subject, ["model.onnx": "gone"])
            let keptFolder = try await subject.store.checkOut(kept, bundle: keptBundle)
            let goneFolder = try await subject.store.checkOut(gone, bundle: goneBundle)
            _ = try await subject.store.removeLeftovers(keeping: [keptBundle])
            #expect(try TemporaryFolder.contents(of: keptFolder + "/model.onnx") == text("kept"))
            #expect(throws: RegistryError.self) { try TemporaryFolder.contents(of: goneFolder + "/model.onnx") }
            #expect(try await subject.store.blobs().count == 2)
        },
    ]

    private static let access: [Behaviour] = [
        Behaviour("keeps sharers and a single one out of each other's way") { subject in
            let occupancy = Occupancy()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<12 {
                    group.addTask {
                        if index % 4 == 3 {
                            try await subject.store.withExclusiveAccess { await occupancy.stay(isExclusive: true) }
                        } else {
                            try await subject.store.withSharedAccess { await occupancy.stay(isExclusive: false) }
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(occupancy.visits == 12)
        },
        Behaviour("lets sharers in together") { subject in
            // The inner one would wait for ever where sharers exclude each other.
            let inner = try await subject.store.withSharedAccess {
                try await subject.store.withSharedAccess { 7 }
            }
            #expect(inner == 7)
        },
        Behaviour("gives access back when the work fails") { subject in
            struct Failure: Error {}
            await #expect(throws: Failure.self) {
                try await subject.store.withExclusiveAccess { throw Failure() }
            }
            let result = try await subject.store.withExclusiveAccess { 7 }
            #expect(result == 7)
        },
    ]

    private static func bundle(
        _ subject: Subject, _ contents: [String: String]
    ) async throws -> (files: [BundleFile], digest: Digest) {
        var files: [BundleFile] = []
        for (path, content) in contents.sorted(by: { $0.key < $1.key }) {
            let info = try await subject.put(text(content))
            files.append(BundleFile(path: path, digest: info.digest, byteCount: info.byteCount))
        }
        return (files, BundleDigest.of(files: files))
    }

    private static func expect(
        _ code: RegistryError.Code, sourceLocation: SourceLocation = #_sourceLocation,
        _ body: () async throws -> Void
    ) async {
        let error = await #expect(throws: RegistryError.self, sourceLocation: sourceLocation) { try await body() }
        #expect(error?.code == code, sourceLocation: sourceLocation)
    }
}

/// Who is inside a store's access scopes, as those inside count it.
private final class Occupancy: Sendable {
    private struct Counts {
        var sharers = 0
        var singles = 0
        var visits = 0
    }

    private let counts = Mutex(Counts())

    var visits: Int { counts.withLock { $0.visits } }

    func stay(isExclusive: Bool) async {
        counts.withLock { counts in
            if isExclusive { counts.singles += 1 } else { counts.sharers += 1 }
            counts.visits += 1
        }
        for _ in 0..<10 {
            let isOrderly = counts.withLock { $0.singles == 0 || ($0.singles == 1 && $0.sharers == 0) }
            #expect(isOrderly)
            await Task.yield()
        }
        counts.withLock { if isExclusive { $0.singles -= 1 } else { $0.sharers -= 1 } }
    }
}
