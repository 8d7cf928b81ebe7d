// SPDX-License-Identifier: Apache-2.0

import Glibc
package import SlipwayCore
import SlipwayRegistry

/// Samples that versions were imported with, so that they can be run again: a folder for each bundle, in which files
/// have the names that an import looks for beside a model. Its calls block.
package struct KeptSamples: Sendable {
    /// Bytes of one version's samples; larger ones are not kept.
    package static let maximumByteCount = 64 << 20

    /// The tolerance that the answers were compared with.
    private static let toleranceFile = "tolerance"

    private let folder: String

    /// - Parameter folder: Made when it is needed.
    package init(folder: String) { self.folder = folder }

    /// Keeps the samples that a version was imported with, instead of those of an earlier import of the same bundle.
    ///
    /// - Returns: A sentence for people where they are not kept; `nil` where they are.
    func keep(_ check: SampleCheck, of bundle: Digest) throws -> String? {
        let files = check.files.layout
        let byteCount = files.reduce(0) { $0 + (FileFacts.size($1.source) ?? 0) }
        guard byteCount <= Self.maximumByteCount else {
            return "the samples have \(byteCount) bytes, more than the \(Self.maximumByteCount) that are kept: "
                + "slipway verify takes them with --samples"
        }
        try PosixFolder.make(folder)
        let draft = try PosixFolder.makeTemporary(prefix: folder + "/.")
        do {
            for file in files { try Self.copy(file.source, to: draft + "/" + file.path) }
            try Self.write(Array("\(check.tolerance)".utf8), to: draft + "/" + Self.toleranceFile)
            try PosixFolder.removeTree(place(of: bundle))
            guard rename(draft, place(of: bundle)) == 0 else {
                throw RegistryError(systemError: errno, doing: "renamed", path: draft)
            }
        } catch {
            _ = try? PosixFolder.removeTree(draft)
            throw error
        }
        return nil
    }

    /// The samples of a bundle and the tolerance of their answers; `nil` where none are kept.
    func samples(of bundle: Digest) -> (files: SampleFiles, tolerance: Double?)? {
        let place = place(of: bundle)
        guard let files = SampleFiles.beside(modelIn: place) else { return nil }
        let text = (try? FileFacts.bytes(place + "/" + Self.toleranceFile)).map { String(decoding: $0, as: UTF8.self) }
        return (files, text.flatMap { Double($0) })
    }

    /// Removes the samples of bundles that are gone, and what was left half-written; returns the bytes freed.
    package func removeOthers(than bundles: Set<Digest>) -> Int {
        var freed = 0
        for name in (try? PosixFolder.names(in: folder)) ?? [] {
            if let digest = Digest(hex: name), bundles.contains(digest) { continue }
            let path = folder + "/" + name
            // A name with a dot is being written, or was left by a process that is gone.
            guard !name.hasPrefix(".") || ScratchSweep.isOld(path) else { continue }
            freed += (try? PosixFolder.removeTree(path)) ?? 0
        }
        return freed
    }

    private func place(of bundle: Digest) -> String { folder + "/" + bundle.hex }

    private static func copy(_ source: String, to target: String) throws {
        try PosixFolder.make(PosixFolder.parent(of: target))
        let from = try PosixFile(reading: source, followsLink: true)
        let to = try PosixFile(creating: target, mode: 0o600)
        try from.forEachChunk { try to.write($0) }
    }

    private static func write(_ bytes: [UInt8], to path: String) throws {
        let file = try PosixFile(creating: path, mode: 0o600)
        try bytes.withUnsafeBytes { try file.write($0) }
    }
}
