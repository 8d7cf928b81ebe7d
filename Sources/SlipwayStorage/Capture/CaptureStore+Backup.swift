// SPDX-License-Identifier: Apache-2.0

import Glibc
import SlipwayCore
import SlipwayFormats
import SlipwayRegistry

extension CaptureStore {
    /// Copies what was captured into another home's folder while it is captured.
    ///
    /// Sealed segments are copied and checked; of those still written the batches that are whole by now become sealed
    /// segments of the copy. What was set aside stays behind.
    ///
    /// - Parameters:
    ///   - target: The other home's folder of captured requests.
    ///   - progress: Called after each segment with the fraction done, 0 to 1.
    /// - Throws: ``RegistryError`` `corrupt` for a sealed segment that is damaged, `storeFull`; `CancellationError`.
    package func copyAll(
        to target: String, progress: @escaping @Sendable (Double) -> Void
    ) async throws -> CopiedFiles {
        try await BlockingFiles.run { flag in
            let copy = CaptureStore(root: target, writer: fileWriter)
            var copied = CopiedFiles()
            let segments = try endpointsNow().flatMap { endpoint in
                let folder = try folder(of: endpoint)
                return try folder.files().map { (endpoint: endpoint, folder: folder, file: $0) }
            }
            let whole = max(1, segments.reduce(0) { $0 + $1.file.byteCount })
            var done = 0
            for (endpoint, folder, file) in segments {
                let into = try copy.folder(of: endpoint)
                try PosixFolder.make(into.path)
                switch file.state {
                case .sealed: copied.add(try copySealed(file.name, in: folder, to: into, flag))
                case .open: copied.add(try copy.takeWhole(of: file, in: folder, into: into, flag))
                case .torn, .damaged: break
                }
                done += file.byteCount
                progress(Double(done) / Double(whole))
            }
            return copied
        }
    }

    /// - Returns: Its bytes; `nil` where it went meanwhile.
    private func copySealed(
        _ name: String, in folder: CaptureFolder, to target: CaptureFolder, _ flag: CancellationFlag
    ) throws -> Int? {
        let path = target.path + "/" + name
        guard let byteCount = try FileCopy.copy(folder.path + "/" + name, to: path, until: flag) else { return nil }
        try CaptureSeal.check(try FileSource(path: path), path: folder.path + "/" + name)
        return byteCount
    }

    /// Seals a copy of the batches of a segment that another process is writing.
    ///
    /// - Returns: The copy's bytes; `nil` where no batch is whole yet.
    private func takeWhole(
        of file: CaptureFile, in folder: CaptureFolder, into target: CaptureFolder, _ flag: CancellationFlag
    ) throws -> Int? {
        let path = folder.path(of: file)
        var status = stat()
        guard lstat(path, &status) == 0, let source = try? FileSource(path: path) else {
            // It was sealed meanwhile.
            return try copySealed(CaptureFile.name(file.stem, .sealed), in: folder, to: target, flag)
        }
        guard var table = try? ArrowTable(ArrowDraft(source), readsInstants: true), table.count > 0 else { return nil }
        let written = Timestamp(milliseconds: Int64(status.st_mtim.tv_sec) * 1000)
        let span = file.startedAt...max(file.startedAt, written)
        try rewrite(&table, [0..<table.count], span: span, as: file, in: target)
        return try FileCopy.byteCount(of: target.path + "/" + CaptureFile.name(file.stem, .sealed))
    }
}
