// SPDX-License-Identifier: Apache-2.0

import Glibc
import SlipwayCore
import SlipwayRegistry
package import SlipwayWire
import Synchronization

/// A piece of an upload that is being received.
package final class UploadPiece: Sendable {
    private let descriptor: Int32
    private let limit: Int
    private let written = Atomic<Int>(0)
    private let isReleased = Atomic(false)
    private let hooks: Hooks

    /// What the folder does for a piece.
    struct Hooks: Sendable {
        /// Throws where the disk has too little left to go on.
        let checkRoom: @Sendable () throws -> Void
        /// Says how far the upload is, and notes when it is complete.
        let settle: @Sendable () throws -> UploadDTO
        /// Lets another piece be written; called once.
        let release: @Sendable () -> Void
    }

    /// Bytes between two looks at the disk.
    private static let stride = 64 << 20

    /// - Parameter left: Bytes that the upload lacks.
    init(descriptor: Int32, left: Int, hooks: Hooks) {
        self.descriptor = descriptor
        limit = left
        self.hooks = hooks
    }

    // A caller that was cancelled never comes to `finish`.
    deinit {
        if descriptor >= 0 { close(descriptor) }
        release()
    }

    private func release() {
        if !isReleased.exchange(true, ordering: .acquiringAndReleasing) { hooks.release() }
    }

    /// Appends bytes; blocks. What was written stays, whatever comes after.
    ///
    /// - Throws: ``ControlError`` `tooLarge` for more than was announced, `RegistryError` `storeFull`.
    package func write(_ bytes: UnsafeRawBufferPointer) throws {
        let before = written.load(ordering: .relaxed)
        guard bytes.count <= limit - before else {
            throw ControlError(
                .tooLarge, "the piece goes on after the \(limit) bytes that the upload lacks: begin anew with its size")
        }
        if before / Self.stride != (before + bytes.count) / Self.stride { try hooks.checkRoom() }
        var rest = bytes
        while !rest.isEmpty {
            switch FileWriter.system.write(descriptor, rest) {
            case .wrote(let count):
                written.wrappingAdd(count, ordering: .relaxed)
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            case .failed(EINTR): continue
            case .failed(let code): throw RegistryError(systemError: code, doing: "written", path: "upload")
            }
        }
    }

    /// Ends the piece, wherever it broke off: the upload may be appended to again.
    ///
    /// - Throws: ``ControlError`` `uploadMismatch` where all bytes are there and are not those announced.
    package func finish() throws -> UploadDTO {
        defer { release() }
        return try hooks.settle()
    }
}

/// What an upload is called: by its content where that is known, so that the same file finds it again.
struct UploadID: Sendable, Hashable {
    let text: String
    let digest: Digest?
    let byteCount: Int

    init(_ request: UploadRequest) {
        digest = request.digest
        byteCount = request.byteCount
        var generator = SystemRandomNumberGenerator()
        let name =
            request.digest?.hex ?? "r" + String(generator.next(), radix: 16) + String(generator.next(), radix: 16)
        text = "\(name)-\(request.byteCount)"
    }

    /// `nil` for a text that names no upload, and so for every path that leads elsewhere.
    init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, let count = Int(parts[1]), count >= 0, String(count) == parts[1] else { return nil }
        let name = String(parts[0])
        digest = Digest(hex: name)
        let isRandom =
            name.hasPrefix("r") && (2...33).contains(name.utf8.count)
            && name.dropFirst().utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
        guard digest != nil || isRandom else { return nil }
        byteCount = count
        self.text = text
    }
}
