// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats
package import SlipwayRegistry

/// Captured requests of a home: a folder for each endpoint, in it segments that are Arrow files with a checksum.
///
/// Any number of processes may use it. What is read has been checked against its checksum in the same call; a segment
/// that fails is set aside as `NAME.damaged`, one whose writer died as `NAME.torn`, and neither is ever read.
package struct CaptureStore: Sendable {
    /// Rows of a table are read about so many bytes at a time.
    static let pieceByteCount = 4 << 20

    /// The folder of folders, see ``HomeLayout/capture``.
    package let root: String
    let fileWriter: FileWriter

    /// - Parameter writer: How segments' bytes are written; tests fill a disk with it.
    package init(root: String, writer: FileWriter = .system) {
        self.root = root
        fileWriter = writer
    }

    func folder(of endpoint: String) throws(RegistryError) -> CaptureFolder {
        try CaptureFolder(root: root, endpoint: endpoint)
    }

    /// The endpoints of which there are segments.
    package func endpoints() async throws -> [String] {
        try await BlockingFiles.run { _ in try endpointsNow() }
    }

    func endpointsNow() throws -> [String] {
        try PosixFolder.names(in: root).filter { (try? folder(of: $0)) != nil }
    }

    /// The segments of an endpoint, oldest first, those that are set aside or still written among them.
    ///
    /// - Throws: ``RegistryError`` `invalid` for what is no endpoint's name.
    package func segments(of endpoint: String) async throws -> [CaptureFacts] {
        try await BlockingFiles.run { _ in
            let folder = try folder(of: endpoint)
            return try folder.files().map { file in
                // A damaged one is listed all the same; reading it says what is wrong.
                let facts = file.state == .sealed ? try? facts(of: file, in: folder) : nil
                return facts ?? CaptureFacts(file: file, endedAt: nil, rows: 0)
            }
        }
    }

    private func facts(of file: CaptureFile, in folder: CaptureFolder) throws -> CaptureFacts {
        let table = try ArrowTable(FileSource(path: folder.path(of: file)), readsInstants: true)
        return CaptureFacts(file: file, endedAt: CaptureSpan.of(table)?.upperBound, rows: table.count)
    }

    /// Reads a sealed segment from front to back, at most a mebibyte at a time; it stays whole meanwhile.
    ///
    /// - Throws: ``RegistryError`` `notFound` for any other name; `corrupt` when its checksum is wrong, before the
    ///   first piece; what `body` throws.
    package func read(
        _ name: String, of endpoint: String, _ body: @Sendable (_ piece: [UInt8]) async throws -> Void
    ) async throws {
        let source = try await BlockingFiles.run { _ in
            let folder = try folder(of: endpoint)
            guard let file = try folder.files().first(where: { $0.name == name && $0.state == .sealed }) else {
                throw RegistryError(
                    .notFound, "endpoint '\(endpoint)' has no captured segment of that name: list them first")
            }
            return try sealed(file, in: folder)
        }
        var offset = 0
        while offset < source.byteCount {
            let (start, count) = (offset, min(1 << 20, source.byteCount - offset))
            try await body(try await BlockingFiles.run { _ in try source.bytes(at: start, count: count) })
            offset += count
        }
    }

    /// Opens a sealed segment and checks it; one that is damaged is set aside.
    func sealed(_ file: CaptureFile, in folder: CaptureFolder) throws -> FileSource {
        let path = folder.path(of: file)
        let source = try FileSource(path: path)
        do {
            try CaptureSeal.check(source, path: path)
        } catch {
            try folder.setAside(file, as: .damaged)
            throw (error as? RegistryError) ?? CaptureSeal.damaged(path)
        }
        return source
    }

    /// Sets drafts of dead writers aside, in all folders.
    ///
    /// - Returns: `endpoint/name` of each.
    package func setTornAside() async throws -> [String] {
        try await BlockingFiles.run { _ in try setTornAsideNow() }
    }

    func setTornAsideNow() throws -> [String] {
        try endpointsNow().flatMap { endpoint in
            try folder(of: endpoint).setTornAside().map { endpoint + "/" + $0 }
        }
    }
}
