// SPDX-License-Identifier: Apache-2.0

import Glibc
import SlipwayCore
import SlipwayRegistry
import SlipwayStorage
import SlipwayTestKit
import Synchronization
import Testing

@Suite("The blobs of a home")
struct FolderArtifactStoreTests {
    let folder: TemporaryFolder
    let store: FolderArtifactStore
    var home: String { folder.path + "/home" }

    init() throws {
        folder = try TemporaryFolder()
        store = FolderArtifactStore(root: folder.path + "/home", patience: .zero)
    }

    private func put(_ text: String, in store: FolderArtifactStore? = nil) async throws -> BlobInfo {
        let path = try folder.file("source", Array(text.utf8))
        defer { unlink(path) }
        return try await (store ?? self.store).put(fileAt: path, progress: { _ in })
    }

    private func path(of digest: Digest) -> String { home + "/blobs/sha256/\(digest.hex.prefix(2))/\(digest.hex)" }

    private func bundle(_ text: String) async throws -> (files: [BundleFile], digest: Digest) {
        let info = try await put(text)
        let files = [BundleFile(path: "model.onnx", digest: info.digest, byteCount: info.byteCount)]
        return (files, BundleDigest.of(files: files))
    }

    /// Overwrites a file in place, as a failing disk or an intruder would.
    private func overwrite(_ path: String, with text: String) throws {
        chmod(path, 0o600)
        let descriptor = open(path, O_WRONLY)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        try #require(pwrite(descriptor, text, text.utf8.count, 0) == text.utf8.count)
    }

    private func failure(_ body: () async throws -> Void) async -> RegistryError.Code? {
        await #expect(throws: RegistryError.self) { try await body() }?.code
    }

    @Test("lie under their address, for reading only")
    func address() async throws {
        let info = try await put("abc")
        var status = stat()
        #expect(stat(path(of: info.digest), &status) == 0)
        #expect(status.st_mode & 0o777 == 0o444)
        #expect(try PosixFolder.names(in: home + "/blobs/tmp").isEmpty)
    }

    @Test("are links in a check-out, without a second copy")
    func links() async throws {
        let (files, digest) = try await bundle("abc")
        let laidOut = try await store.checkOut(files, bundle: digest)
        var (blob, link) = (stat(), stat())
        #expect(stat(path(of: files[0].digest), &blob) == 0 && stat(laidOut + "/model.onnx", &link) == 0)
        #expect(blob.st_ino == link.st_ino)
    }

    @Test("are found changed at every check-out, not only at the first")
    func tampered() async throws {
        let (files, digest) = try await bundle("abc")
        _ = try await store.checkOut(files, bundle: digest)
        try overwrite(path(of: files[0].digest), with: "abX")
        let error = await #expect(throws: RegistryError.self) {
            _ = try await store.checkOut(files, bundle: digest)
        }
        #expect(error?.code == .corrupt)
        #expect(error?.location == files[0].digest.description)
        #expect(await failure { try await store.verify(files[0].digest) } == .corrupt)
    }

    @Test("are laid out anew where a check-out was changed")
    func damagedCheckOut() async throws {
        let (files, digest) = try await bundle("abc")
        let laidOut = try await store.checkOut(files, bundle: digest)
        unlink(laidOut + "/model.onnx")
        let copy = try PosixFile(creating: laidOut + "/model.onnx", mode: 0o600)
        try Array("abX".utf8).withUnsafeBytes { try copy.write($0) }
        #expect(try await store.checkOut(files, bundle: digest) == laidOut)
        #expect(try TemporaryFolder.contents(of: laidOut + "/model.onnx") == Array("abc".utf8))
        #expect(try PosixFolder.names(in: home + "/cache/bundles") == [digest.hex])
    }

    @Test("are never read through a link")
    func linkInPlaceOfBlob() async throws {
        let (files, digest) = try await bundle("abc")
        let elsewhere = try folder.file("elsewhere", Array("abc".utf8))
        unlink(path(of: files[0].digest))
        try #require(symlink(elsewhere, path(of: files[0].digest)) == 0)
        #expect(await failure { _ = try await store.checkOut(files, bundle: digest) } != nil)
    }

    @Test("are mended when the file is put again and the old one has another size")
    func mended() async throws {
        let info = try await put("abc")
        try overwrite(path(of: info.digest), with: "abcd")
        _ = try await put("abc")
        try await store.verify(info.digest)
    }

    @Test("leave nothing behind when the disk is full", arguments: [ENOSPC, EDQUOT, EFBIG])
    func diskFull(code: Int32) async throws {
        let room = Mutex(1000)
        let tiny = FolderArtifactStore(
            root: home,
            writer: FileWriter { descriptor, bytes in
                let granted = room.withLock { room in
                    let granted = min(room, bytes.count)
                    room -= granted
                    return granted
                }
                guard granted > 0 else { return .failed(code) }
                return FileWriter.system.write(descriptor, UnsafeRawBufferPointer(rebasing: bytes[..<granted]))
            })
        let error = await #expect(throws: RegistryError.self) {
            _ = try await put(String(repeating: "a", count: 5000), in: tiny)
        }
        #expect(error?.code == .storeFull)
        #expect(error?.category == .outOfResources)
        #expect(try PosixFolder.names(in: home + "/blobs/tmp").isEmpty)
        #expect(try await store.blobs().isEmpty)
    }

    @Test("are collected by one process only while none adds")
    func accessOfProcesses() async throws {
        // Each store opens the lock by itself, as another process would.
        let other = FolderArtifactStore(root: home, patience: .zero)
        try await store.withSharedAccess {
            try await other.withSharedAccess {}
            #expect(await failure { try await other.withExclusiveAccess {} } == .storeUnavailable)
        }
        try await store.withExclusiveAccess {
            #expect(await failure { try await other.withSharedAccess {} } == .storeUnavailable)
            #expect(await failure { try await other.withExclusiveAccess {} } == .storeUnavailable)
        }
        try await other.withExclusiveAccess {}
    }

    @Test("are rid of what killed writers left, and of nothing else")
    func leftovers() async throws {
        let (files, digest) = try await bundle("abc")
        let laidOut = try await store.checkOut(files, bundle: digest)
        for (path, text) in [("/blobs/tmp/dead", "12345"), ("/cache/bundles/.dead", "123")] {
            let file = try PosixFile(creating: home + path, mode: 0o600)
            try Array(text.utf8).withUnsafeBytes { try file.write($0) }
        }
        let alive = try PosixFile(creating: home + "/blobs/tmp/alive", mode: 0o600)
        try #require(flock(alive.descriptor, LOCK_EX | LOCK_NB) == 0)
        #expect(try await store.removeLeftovers(keeping: [digest]) == 8)
        #expect(try PosixFolder.names(in: home + "/blobs/tmp") == ["alive"])
        #expect(try TemporaryFolder.contents(of: laidOut + "/model.onnx") == Array("abc".utf8))
        // The check-out shares its bytes with the blob, so that nothing is freed with it.
        #expect(try await store.removeLeftovers(keeping: []) == 0)
        #expect(try PosixFolder.names(in: home + "/cache/bundles").isEmpty)
        #expect(flock(alive.descriptor, LOCK_UN) == 0)
        _ = try await store.removeLeftovers(keeping: [])
        #expect(try PosixFolder.names(in: home + "/blobs/tmp").isEmpty)
    }

    @Test("are not half there when the task that puts one is cancelled")
    func cancelled() async throws {
        let path = try folder.file("long", [UInt8](repeating: 1, count: 3 << 20))
        let store = store
        let isCancelled = Atomic(false)
        let (started, start) = AsyncStream.makeStream(of: Void.self)
        let task = Task {
            try await store.put(fileAt: path) { _ in
                start.yield()
                // Holds the writer's own thread, never the pool's, until the cancellation has come.
                while !isCancelled.load(ordering: .acquiring) { sched_yield() }
            }
        }
        var iterator = started.makeAsyncIterator()
        _ = await iterator.next()
        task.cancel()
        isCancelled.store(true, ordering: .releasing)
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(try await store.blobs().isEmpty)
        #expect(try PosixFolder.names(in: home + "/blobs/tmp").isEmpty)
    }
}

@Suite("The folders of a home")
struct HomeLayoutTests {
    @Test("are made for their owner only, and may be there already")
    func prepared() throws {
        let folder = try TemporaryFolder()
        let layout = HomeLayout(root: folder.path + "/a/b/")
        for _ in 0..<2 { try layout.prepare() }
        for path in [layout.root, layout.blobs, layout.cache, layout.capture] {
            var status = stat()
            #expect(stat(path, &status) == 0)
            #expect(status.st_mode & 0o777 == 0o700)
        }
        #expect(layout.database == folder.path + "/a/b/registry.db")
    }

    @Test("are refused where a file has the name")
    func fileInTheWay() throws {
        let folder = try TemporaryFolder()
        let path = try folder.file("home", [])
        let error = try #require(throws: RegistryError.self) { try HomeLayout(root: path).prepare() }
        #expect(error.code == .conflict)
    }
}
