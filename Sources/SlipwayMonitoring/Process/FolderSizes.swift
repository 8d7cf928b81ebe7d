// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// Bytes of the files in each folder below a root, as they were measured last.
package final class FolderSizes: Sendable {
    /// Folders that are measured, and entries of each that are looked at.
    private static let maximumFolders = 4096
    private static let maximumEntries = 1_000_000

    private let root: String
    private let sizes = Mutex<[String: Int]>([:])

    package init(root: String) { self.root = root }

    /// By the folder's name; empty before the first ``measure()``.
    package var current: [String: Int] { sizes.withLock { $0 } }

    /// Looks through the folders, which may block: not on the cooperative pool.
    package func measure() {
        var found: [String: Int] = [:]
        Self.each(in: root, limit: Self.maximumFolders) { name, status in
            guard status.st_mode & S_IFMT == S_IFDIR else { return }
            var bytes = 0
            Self.each(in: "\(root)/\(name)", limit: Self.maximumEntries) { _, status in
                if status.st_mode & S_IFMT == S_IFREG { bytes += Int(status.st_size) }
            }
            found[name] = bytes
        }
        sizes.withLock { $0 = found }
    }

    /// Entries of a folder, links not followed; none where it cannot be read.
    private static func each(in folder: String, limit: Int, _ body: (_ name: String, stat) -> Void) {
        guard let stream = opendir(folder) else { return }
        defer { closedir(stream) }
        var seen = 0
        while seen < limit, let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard name != ".", name != ".." else { continue }
            seen += 1
            var status = stat()
            guard fstatat(dirfd(stream), name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { continue }
            body(name, status)
        }
    }
}
