// SPDX-License-Identifier: Apache-2.0

import Glibc
import SlipwayFormats

/// A folder below which paths are followed only while they stay inside it.
struct LayoutFolder: Sendable {
    /// The most entries of one folder that are looked at.
    static let maximumEntries = 10_000
    static let maximumConfigBytes = 4 << 20

    /// Absolute, without symbolic links.
    let root: String

    /// - Throws: ``ControlError`` `notFound` when there is no such folder.
    init(_ path: String) throws(ControlError) {
        guard let root = Self.real(path), FileFacts.isDirectory(root) else {
            throw ControlError(.notFound, "there is no folder '\(path)'")
        }
        self.root = root
    }

    private static func real(_ path: String) -> String? {
        guard !path.utf8.contains(0), let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    /// Where a path below the root really lies; `nil` when there is nothing.
    ///
    /// - Throws: ``ControlError`` `unreadable` when a symbolic link leads out of the folder.
    func resolve(_ path: String) throws(ControlError) -> String? {
        guard let resolved = Self.real(root + "/" + path) else { return nil }
        let prefix = root == "/" ? root : root + "/"
        guard resolved == root || resolved.hasPrefix(prefix) else {
            throw ControlError(.unreadable, "'\(path)' is a symbolic link that leads out of '\(root)': copy the file")
        }
        return resolved
    }

    /// Names of a folder's entries, sorted, without hidden ones.
    func names(in path: String) throws(ControlError) -> [String] {
        let names = try FileFacts.names(in: path.isEmpty ? root : root + "/" + path).filter { !$0.hasPrefix(".") }
        guard names.count <= Self.maximumEntries else {
            throw ControlError(
                .invalidRequest,
                "'\(path.isEmpty ? root : path)' has \(names.count) entries, expected \(Self.maximumEntries) at most")
        }
        return names
    }

    /// The bytes of a small file; `nil` when there is none.
    ///
    /// - Throws: ``ControlError`` when it is too large, no regular file, or outside of the folder.
    func bytes(of path: String) throws(ControlError) -> [UInt8]? {
        guard let resolved = try resolve(path) else { return nil }
        return try Self.smallFile(resolved)
    }

    /// The bytes of a regular file of 4 MiB at most.
    static func smallFile(_ path: String) throws(ControlError) -> [UInt8] {
        do throws(FormatError) {
            let file = try FileSource(path: path)
            guard file.byteCount <= maximumConfigBytes else {
                throw FormatError(.limitExceeded, "'\(path)' has \(file.byteCount) bytes, expected 4 MiB at most")
            }
            return try file.bytes(at: 0, count: file.byteCount)
        } catch {
            throw ControlError(error.code == .missingFile ? .notFound : .unreadable, error.message)
        }
    }

    func isFolder(_ path: String) -> Bool { FileFacts.isDirectory(root + "/" + path) }
}
