// SPDX-License-Identifier: Apache-2.0

import Glibc
import SlipwayCore
import SlipwayRegistry
import SlipwaySecurity
package import SlipwayWire
import Synchronization

/// Files that clients send in pieces, until they are imported.
///
/// An upload is a file of its own, and how long it is says how far it is: what was broken off, by a connection, a
/// client or a server that ended, goes on where it stopped. Its calls block.
package final class UploadFolder: Sendable {
    /// Uploads that nobody wrote to for so long are removed.
    package static let lifetime: Duration = .seconds(24 * 3600)
    /// Uploads at the same time, finished or not.
    static let maximumCount = 256
    /// Bytes of the disk that no upload takes.
    private static let reserve = 256 << 20

    private let folder: String
    private let capacity: @Sendable (String) -> Int?
    /// Uploads that are being written.
    private let open = Mutex<Set<String>>([])
    /// Two that begin together must not both be promised the same bytes of the disk.
    private let beginning = Mutex(())

    /// - Parameters:
    ///   - folder: Made when it is needed.
    ///   - capacity: Bytes that are free where a folder lies; `nil` where the system does not tell.
    package init(folder: String, capacity: @escaping @Sendable (String) -> Int? = UploadFolder.free) {
        self.folder = folder
        self.capacity = capacity
    }

    /// Bytes that are free on the file system of a folder.
    package static func free(_ folder: String) -> Int? {
        var facts = statvfs()
        guard statvfs(folder, &facts) == 0 else { return nil }
        let (bytes, overflow) = Int(clamping: facts.f_bavail).multipliedReportingOverflow(by: Int(facts.f_frsize))
        return overflow ? .max : bytes
    }

    /// Begins an upload, or finds the one of the same file that was begun before.
    ///
    /// - Throws: ``ControlError`` `tooLarge` where the disk could not hold it, `busy` for too many, `invalidRequest`.
    package func begin(_ request: UploadRequest) throws -> UploadDTO {
        guard request.byteCount >= 0 else {
            throw ControlError(.invalidRequest, "an upload has 0 bytes or more, got \(request.byteCount)")
        }
        try PosixFolder.make(folder)
        removeOld()
        let id = UploadID(request)
        return try beginning.withLock { _ in
            if let known = try? state(of: id.text) { return known }
            try checkRoom(for: request.byteCount)
            _ = try PosixFile(creating: path(id), mode: 0o600)
            return try settle(id)
        }
    }

    /// - Throws: ``ControlError`` `tooLarge`, `busy`.
    private func checkRoom(for byteCount: Int) throws {
        let names = try PosixFolder.names(in: folder)
        guard names.count < Self.maximumCount else {
            throw ControlError(
                .busy,
                "\(Self.maximumCount) uploads lie here already: finish them, or wait a day until they are removed")
        }
        guard let free = capacity(folder) else { return }
        let left = names.reduce(free - Self.reserve) { left, name in
            let (rest, overflow) = left.subtractingReportingOverflow(lacking(name))
            return overflow ? .min : rest
        }
        guard left >= byteCount else {
            throw ControlError(
                .tooLarge,
                "the upload has \(byteCount) bytes, and the server's disk has \(max(0, left)) left for it: free some "
                    + "space, finish the uploads that were begun, or run 'slipway gc'")
        }
    }

    /// Bytes that an upload with a file of this name still lacks.
    private func lacking(_ name: String) -> Int {
        guard name.hasSuffix(".part"), let id = UploadID(String(name.dropLast(".part".utf8.count))) else { return 0 }
        return max(0, id.byteCount - (FileFacts.size(folder + "/" + name) ?? 0))
    }

    /// How far an upload is.
    ///
    /// - Throws: ``ControlError`` `notFound`.
    package func state(of text: String) throws(ControlError) -> UploadDTO {
        let id = try known(text)
        if FileFacts.size(path(id, isComplete: true)) == id.byteCount {
            return UploadDTO(id: text, byteCount: id.byteCount, offset: id.byteCount, isComplete: true)
        }
        guard let size = FileFacts.size(path(id)) else { throw Self.unknown(text) }
        return UploadDTO(id: text, byteCount: id.byteCount, offset: size, isComplete: false)
    }

    /// Opens an upload to append a piece; nobody else can until ``UploadPiece/finish()``.
    ///
    /// - Parameter offset: Where the piece begins, which must be where the upload ends.
    /// - Throws: ``ControlError`` `uploadMismatch` with the offset that is expected, `busy` while another piece is
    ///   written, `notFound`.
    package func append(to text: String, at offset: Int) throws -> UploadPiece {
        let id = try known(text)
        guard open.withLock({ $0.insert(text).inserted }) else {
            throw ControlError(
                .busy, "another piece of this upload is being received: ask how far it is, and go on then")
        }
        do {
            let state = try state(of: text)
            guard state.offset == offset else {
                throw ControlError(
                    .uploadMismatch,
                    "the upload has \(state.offset) bytes, and the piece begins at \(offset): send what follows byte "
                        + "\(state.offset)")
            }
            let descriptor = Glibc.open(path(id), O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW)
            guard descriptor >= 0 || state.isComplete else { throw Self.unknown(text) }
            return UploadPiece(
                descriptor: descriptor, left: id.byteCount - offset,
                hooks: UploadPiece.Hooks(
                    checkRoom: { [self] in try checkReserve() }, settle: { [self] in try settle(id) },
                    release: { [self] in closed(text) }))
        } catch {
            closed(text)
            throw error
        }
    }

    /// What others wrote since the upload began may have filled the disk.
    private func checkReserve() throws(RegistryError) {
        guard let free = capacity(folder), free < Self.reserve else { return }
        throw RegistryError(
            .storeFull, "the server's disk has \(free) bytes left: free some space or run 'slipway gc', and go on then")
    }

    /// Forgets an upload.
    ///
    /// - Throws: ``ControlError`` `busy` while a piece is written, `notFound`.
    package func remove(_ text: String) throws {
        let id = try known(text)
        guard open.withLock({ $0.insert(text).inserted }) else {
            throw ControlError(.busy, "a piece of this upload is being received: remove it when that has ended")
        }
        defer { closed(text) }
        _ = try state(of: text)
        unlink(path(id))
        unlink(path(id, isComplete: true))
    }

    /// The file of an upload that is complete.
    ///
    /// - Throws: ``ControlError`` `uploadMismatch` where bytes are missing, `notFound`.
    package func file(of text: String) throws -> String {
        let state = try state(of: text)
        guard state.isComplete else {
            throw ControlError(
                .uploadMismatch, "the upload has \(state.offset) of \(state.byteCount) bytes: send the rest first")
        }
        return path(try known(text), isComplete: true)
    }

    /// Removes what nobody wrote to for ``lifetime``, and returns the bytes that this freed.
    @discardableResult
    package func removeOld(now: Int = Int(time(nil))) -> Int {
        var freed = 0
        for name in (try? PosixFolder.names(in: folder)) ?? [] {
            let path = folder + "/" + name
            var facts = stat()
            guard lstat(path, &facts) == 0, now - Int(facts.st_mtim.tv_sec) > Int(Self.lifetime.components.seconds)
            else { continue }
            freed += (try? PosixFolder.removeTree(path)) ?? 0
        }
        return freed
    }

    /// A new folder beside the uploads, to lay their files out in; its user removes it.
    package func layOut(_ files: [(upload: String, path: String)]) throws -> String {
        try PosixFolder.make(folder)
        let place = try PosixFolder.makeTemporary(prefix: folder + "/layout-")
        do {
            for file in files {
                try BundlePath.check(file.path)
                let target = place + "/" + file.path
                try PosixFolder.make(PosixFolder.parent(of: target))
                guard link(try self.file(of: file.upload), target) == 0 else {
                    throw RegistryError(systemError: errno, doing: "linked", path: file.path)
                }
            }
            return place
        } catch {
            _ = try? PosixFolder.removeTree(place)
            throw error
        }
    }

    /// Removes what ``layOut(_:)`` made.
    package static func removeLayout(_ place: String) { _ = try? PosixFolder.removeTree(place) }

    // MARK: - Inside

    /// Compares a whole upload with its digest, and notes that it is complete.
    private func settle(_ id: UploadID) throws -> UploadDTO {
        let state = try state(of: id.text)
        guard state.offset == id.byteCount, !state.isComplete else { return state }
        let path = path(id)
        if let expected = id.digest {
            let found = try SHA256Hasher.digest(ofFileAt: path)
            guard found == expected else {
                unlink(path)
                throw ControlError(
                    .uploadMismatch, "the bytes that arrived are \(found), announced were \(expected): send them again")
            }
        }
        guard rename(path, self.path(id, isComplete: true)) == 0 else {
            throw RegistryError(systemError: errno, doing: "renamed", path: path)
        }
        return try self.state(of: id.text)
    }

    private func closed(_ text: String) { _ = open.withLock { $0.remove(text) } }

    private func path(_ id: UploadID, isComplete: Bool = false) -> String {
        folder + "/" + id.text + (isComplete ? ".whole" : ".part")
    }

    private func known(_ text: String) throws(ControlError) -> UploadID {
        guard let id = UploadID(text) else { throw Self.unknown(text) }
        return id
    }

    private static func unknown(_ text: String) -> ControlError {
        ControlError(.notFound, "there is no upload '\(text.prefix(90))', or it is too old: begin it anew")
    }
}
