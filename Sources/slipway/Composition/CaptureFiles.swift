// SPDX-License-Identifier: Apache-2.0

import Glibc
import SlipwayControl
import SlipwayCore
import SlipwayEngine
import SlipwayStorage
import SlipwayWire

/// The capture log of a home, as administration sees it.
struct CaptureFiles: CaptureArchive {
    let store: CaptureStore
    /// In the process that writes: what it has not sealed yet is exported and erased too.
    let writer: CaptureWriter?
    let labels: LabelFolders
    /// A folder for files that are on their way.
    let cache: String

    func segments(of endpoint: String) async throws -> [CaptureSegment] {
        // Those set aside are told by the server's log, and never read.
        try await store.segments(of: endpoint).filter { [.sealed, .open].contains($0.file.state) }.map { facts in
            CaptureSegment(
                name: facts.file.name, startedAt: facts.file.startedAt, endedAt: facts.endedAt, rows: facts.rows,
                byteCount: facts.file.byteCount)
        }
    }

    func read(
        _ name: String, of endpoint: String, _ body: @Sendable (_ piece: [UInt8]) async throws -> Void
    ) async throws {
        try await store.read(name, of: endpoint, body)
    }

    func export(
        _ request: ExportRequest, of endpoint: String, _ body: @Sendable (_ piece: [UInt8]) async throws -> Void
    ) async throws {
        let (writer, labels) = (writer, labels)
        let known = try await LoaderThread.run {
            writer?.flush()
            return try labels.labels(of: endpoint)
        }
        let selection = CaptureSelection(
            endpoint: endpoint, from: request.from ?? Timestamp(milliseconds: 0),
            until: request.until ?? Timestamp(milliseconds: .max), version: request.version, labels: known,
            onlyLabelled: request.onlyLabelled)
        let path = "\(cache)/export-\(UInt64.random(in: .min ... .max)).arrow"
        defer { unlink(path) }
        _ = try await store.export(selection, to: path)
        let file = try await LoaderThread.run { try OutgoingFile(path: path) }
        while let piece = try await LoaderThread.run({ try file.next() }) { try await body(piece) }
    }

    func erase(_ requestIDs: Set<String>, of endpoint: String) async throws -> EraseDTO {
        let erasure =
            if let writer {
                try await writer.erase(requestIDs, of: endpoint)
            } else {
                try await store.erase(requestIDs, of: endpoint)
            }
        return EraseDTO(
            rows: erasure.rows, segments: erasure.segments, stillOpen: erasure.stillOpen,
            filesRemoved: erasure.filesSetAside)
    }
}

/// A file that is read from front to back.
private final class OutgoingFile: Sendable {
    private let descriptor: Int32
    private static let pieceByteCount = 1 << 20

    init(path: String) throws {
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw ValidationFailure("the export cannot be read: \(String(cString: strerror(errno)))")
        }
    }

    deinit { close(descriptor) }

    /// The next bytes; `nil` at the end.
    func next() throws -> [UInt8]? {
        var failure: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: Self.pieceByteCount) { buffer, count in
            var got = -1
            repeat { got = Glibc.read(descriptor, buffer.baseAddress, buffer.count) } while got < 0 && errno == EINTR
            if got < 0 { failure = errno }
            count = max(0, got)
        }
        guard failure == 0 else {
            throw ValidationFailure("the export cannot be read: \(String(cString: strerror(failure)))")
        }
        return bytes.isEmpty ? nil : bytes
    }
}

extension CaptureWriter: CaptureSink {}
