// SPDX-License-Identifier: Apache-2.0

import Glibc
import SlipwayCore
import SlipwayFormats
import SlipwayRegistry

/// What an erasure did.
package struct CaptureErasure: Sendable, Hashable {
    package var rows = 0
    /// Segments that were written anew, or removed because nothing was left.
    package var segments = 0
    /// Torn and damaged files that went: nobody can tell what is in them.
    package var filesSetAside = 0
    /// Segments that another process is still writing: they hold what they hold until it has sealed them.
    package var stillOpen = 0

    package init() {}
}

extension CaptureStore {
    /// Removes the rows of requests for good, from every segment of an endpoint.
    ///
    /// A segment is written anew without them and takes the old one's place in one step. Files that were set aside go
    /// as a whole. Call ``CaptureWriter/erase(_:of:)`` where the same process captures.
    ///
    /// - Throws: ``RegistryError`` `invalid`, `storeFull`, `corrupt`; segments done until then stay done, and the call
    ///   may be repeated.
    package func erase(_ requestIDs: Set<String>, of endpoint: String) async throws -> CaptureErasure {
        let folder = try folder(of: endpoint)
        guard try await BlockingFiles.run({ _ in try !folder.files().isEmpty }) else { return CaptureErasure() }
        let lock = try await FileLock.acquire(folder.path + "/.lock", isExclusive: true, patience: .seconds(60))
        let erasure = try await BlockingFiles.run { _ in try eraseNow(requestIDs, in: folder) }
        _ = consume lock
        return erasure
    }

    private func eraseNow(_ requestIDs: Set<String>, in folder: CaptureFolder) throws -> CaptureErasure {
        var result = CaptureErasure()
        _ = try folder.setTornAside()
        for file in try folder.files() {
            switch file.state {
            case .sealed: try erase(requestIDs, from: file, in: folder, &result)
            case .open: result.stillOpen += 1
            case .torn, .damaged: result.filesSetAside += try remove(file, in: folder)
            }
        }
        if result.filesSetAside > 0 { try PosixFolder.synchronize(folder.path) }
        return result
    }

    private func remove(_ file: CaptureFile, in folder: CaptureFolder) throws(RegistryError) -> Int {
        try PosixFolder.removeTree(folder.path(of: file))
        return 1
    }

    private func erase(
        _ requestIDs: Set<String>, from file: CaptureFile, in folder: CaptureFolder, _ result: inout CaptureErasure
    ) throws {
        let source: FileSource
        do {
            source = try sealed(file, in: folder)
        } catch let error as RegistryError where error.code == .corrupt {
            let damaged = CaptureFile.name(file.stem, .damaged)
            try PosixFolder.removeTree(folder.path + "/" + damaged)
            result.filesSetAside += 1
            return
        }
        var table = try ArrowTable(source, readsInstants: true)
        let kept = try rowsKept(&table, without: requestIDs)
        let removed = table.count - kept.reduce(0) { $0 + $1.count }
        guard removed > 0 else { return }
        if kept.isEmpty {
            try PosixFolder.removeTree(folder.path(of: file))
            try PosixFolder.synchronize(folder.path)
        } else {
            let span = CaptureSpan.of(table) ?? file.startedAt...file.startedAt
            try rewrite(&table, kept, span: span, as: file, in: folder)
        }
        result.rows += removed
        result.segments += 1
    }

    /// Ranges of rows of other requests.
    private func rowsKept(_ table: inout ArrowTable, without ids: Set<String>) throws -> [Range<Int>] {
        guard let column = table.fields.firstIndex(where: { $0.name == "request_id" }) else { return [] }
        var kept: [Range<Int>] = []
        var row = 0
        while row < table.count {
            let range = table.reach(from: row, byteCount: Self.pieceByteCount)
            guard !range.isEmpty, let read = try table.read(range, columns: [column]).first else { break }
            let strings = try read.tensor(0..<range.count).strings ?? []
            for (index, id) in zip(range, strings) where !ids.contains(id) {
                if kept.last?.upperBound == index {
                    kept[kept.count - 1] = kept[kept.count - 1].lowerBound..<(index + 1)
                } else {
                    kept.append(index..<(index + 1))
                }
            }
            row = range.upperBound
        }
        return kept
    }

    /// Writes rows of a table as a sealed segment, in place of one that has its name.
    func rewrite(
        _ table: inout ArrowTable, _ kept: [Range<Int>], span: ClosedRange<Timestamp>, as file: CaptureFile,
        in folder: CaptureFolder
    ) throws {
        let fields = try CaptureCopy.fields(of: table)
        let metadata = table.metadata.sorted { $0.key < $1.key }.map { (key: $0.key, value: $0.value) }
        let draft = try CaptureDraft(
            folder: folder.path, stem: file.stem,
            writer: ArrowWriter(fields, compression: CaptureCopy.compression(of: table), metadata: metadata),
            using: fileWriter)
        do {
            for range in kept {
                var row = range.lowerBound
                while row < range.upperBound {
                    let piece = table.reach(from: row, byteCount: Self.pieceByteCount)
                    guard !piece.isEmpty else { throw CaptureSeal.damaged(folder.path(of: file)) }
                    let rows = row..<min(piece.upperBound, range.upperBound)
                    try draft.add(try CaptureCopy.rows(rows, of: &table, fields), of: span)
                    row = rows.upperBound
                }
            }
            try draft.finish()
        } catch {
            draft.abandon()
            throw error
        }
    }
}

/// Copies rows from a table that is read to one that is written.
enum CaptureCopy {
    static let compressionKey = "slipway.compression"

    /// - Throws: ``RegistryError`` `corrupt` for a type that Slipway never writes.
    static func fields(of table: ArrowTable) throws -> [ArrowOutputField] {
        try table.fields.map { field in
            guard let type = ArrowColumnType(field) else {
                throw RegistryError(
                    .corrupt, "a captured segment has a column of type \(field.type.name), which was not written here")
            }
            return ArrowOutputField(field.name, type)
        }
    }

    /// As the segment was compressed, where its library is still found.
    static func compression(of table: ArrowTable) -> BlockCompression? {
        table.metadata[compressionKey].flatMap { BlockCompression(rawValue: $0) }.flatMap { $0.isAvailable ? $0 : nil }
    }

    static func rows(
        _ rows: Range<Int>, of table: inout ArrowTable, _ fields: [ArrowOutputField]
    ) throws -> [ArrowColumnData] {
        let read = try table.read(rows, columns: Array(table.fields.indices))
        var result: [ArrowColumnData] = []
        for (column, field) in zip(read, fields) {
            var data = ArrowColumnData(field.type)
            for row in 0..<rows.count { try data.append(row, of: column) }
            result.append(data)
        }
        return result
    }
}
