// SPDX-License-Identifier: Apache-2.0

import Glibc
package import SlipwayCore
import SlipwayRegistry

/// Keeps what engines made of models, to load them quicker the next time, from growing without end. Its calls block.
///
/// It lies as `ENGINE-VERSION/DIGEST`, with the digest of the version's bundle. Whatever is removed is made again when
/// it is needed.
package struct EngineCacheSweep: Sendable {
    /// What nobody loaded for so long is removed.
    package var lifetime: Duration = .seconds(30 * 24 * 3600)
    /// Bytes of all entries; beyond them, those that were not loaded for longest are removed.
    package var maximumByteCount = 8 << 30
    /// An entry that was used so recently may be in the making, or being read.
    package var rest: Duration = .seconds(3600)

    private let folder: String

    /// - Parameter folder: A home's `cache/engines`; it need not be there.
    package init(folder: String) { self.folder = folder }

    private struct Entry {
        let path: String
        /// `nil` for what lies here under another name.
        let bundle: Digest?
        let byteCount: Int
        /// When one of its files was written or read last, in seconds.
        let used: Int
    }

    /// Removes what is too old or too much, and returns the bytes freed.
    ///
    /// - Parameter bundles: Those that are registered; entries of others are removed too. `nil` where nobody knows.
    @discardableResult
    package func run(keeping bundles: Set<Digest>?, now: Int = Int(time(nil))) -> Int {
        let entries = entries().sorted { $0.used > $1.used }
        var (freed, kept) = (0, 0)
        for entry in entries {
            let age = now - entry.used
            let isKnown = entry.bundle.map { bundles?.contains($0) ?? true } ?? false
            let fits = entry.byteCount <= maximumByteCount - kept
            let stays = isKnown && fits && age <= Int(lifetime.components.seconds)
            if stays || age <= Int(rest.components.seconds) {
                kept = min(maximumByteCount, kept + entry.byteCount)
            } else {
                freed += (try? PosixFolder.removeTree(entry.path)) ?? 0
            }
        }
        for engine in names(folder) { rmdir(folder + "/" + engine) }
        return freed
    }

    private func entries() -> [Entry] {
        names(folder).flatMap { engine in
            names(folder + "/" + engine).map { name in
                let path = folder + "/" + engine + "/" + name
                let (byteCount, used) = Self.facts(path, depth: 0)
                return Entry(path: path, bundle: Digest(hex: name), byteCount: byteCount, used: used)
            }
        }
    }

    private func names(_ path: String) -> [String] { (try? PosixFolder.names(in: path)) ?? [] }

    /// Bytes of all files, and the last use of one of them; links are not followed.
    private static func facts(_ path: String, depth: Int) -> (byteCount: Int, used: Int) {
        var facts = stat()
        guard lstat(path, &facts) == 0 else { return (0, 0) }
        let written = Int(facts.st_mtim.tv_sec)
        // Reading a folder is no use of what lies in it.
        guard facts.st_mode & S_IFMT == S_IFDIR else {
            return (Int(facts.st_size), max(written, Int(facts.st_atim.tv_sec)))
        }
        guard depth < 8 else { return (0, written) }
        return ((try? PosixFolder.names(in: path)) ?? []).reduce((0, written)) { total, name in
            let inner = Self.facts(path + "/" + name, depth: depth + 1)
            let (sum, overflow) = total.0.addingReportingOverflow(inner.byteCount)
            return (overflow ? .max : sum, max(total.1, inner.used))
        }
    }
}
