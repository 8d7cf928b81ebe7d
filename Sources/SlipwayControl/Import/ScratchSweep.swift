// SPDX-License-Identifier: Apache-2.0

import Glibc
import SlipwayRegistry

/// Removes what imports, exports and uploads left that were killed on their way. Its calls block.
package enum ScratchSweep {
    /// What every scratch file or folder outside of a home is called, followed by letters and digits.
    package static let prefix = ".slipway-"

    /// Nobody comes back to what was not written to for so long.
    package static let lifetime = UploadFolder.lifetime

    /// Removes copies and conversions in a home's cache that nobody wrote to for ``lifetime``; returns the bytes that
    /// this freed.
    ///
    /// - Parameter cache: Other files there are left alone.
    @discardableResult
    package static func run(cache: String, now: Int = Int(time(nil))) -> Int {
        let places = [(cache, ["upload-", "export-"]), (cache + "/import", ["import-", "source-", prefix])]
        return places.reduce(0) { freed, place in
            freed + remove(in: place.0, now: now) { name in place.1.contains(where: name.hasPrefix) }
        }
    }

    /// Removes old scratch folders of this user from a folder that others use too, such as the one for temporary files.
    ///
    /// - Parameter folder: Names that are not ours are left alone, and so is what belongs to somebody else.
    @discardableResult
    package static func run(shared folder: String, now: Int = Int(time(nil))) -> Int {
        remove(in: folder, now: now) { name in
            guard name.hasPrefix(prefix), owner(folder + "/" + name) == geteuid() else { return false }
            let rest = name.dropFirst(prefix.count)
            return (6...32).contains(rest.utf8.count) && rest.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) }
        }
    }

    /// Whether nobody wrote to a file or a folder for ``lifetime``.
    static func isOld(_ path: String, now: Int = Int(time(nil))) -> Bool {
        changed(path).map { now - $0 > Int(lifetime.components.seconds) } ?? false
    }

    private static func remove(in folder: String, now: Int, where isOurs: (_ name: String) -> Bool) -> Int {
        var freed = 0
        for name in (try? PosixFolder.names(in: folder)) ?? [] where isOurs(name) {
            guard isOld(folder + "/" + name, now: now) else { continue }
            freed += (try? PosixFolder.removeTree(folder + "/" + name)) ?? 0
        }
        return freed
    }

    private static func owner(_ path: String) -> uid_t? {
        var facts = stat()
        return lstat(path, &facts) == 0 ? facts.st_uid : nil
    }

    /// When a file, or what lies in a folder, was written to last, in seconds; links are not followed.
    private static func changed(_ path: String) -> Int? {
        var facts = stat()
        guard lstat(path, &facts) == 0 else { return nil }
        let own = Int(facts.st_mtim.tv_sec)
        guard facts.st_mode & S_IFMT == S_IFDIR else { return own }
        let inner = ((try? PosixFolder.names(in: path)) ?? []).compactMap { name -> Int? in
            var facts = stat()
            return lstat(path + "/" + name, &facts) == 0 ? Int(facts.st_mtim.tv_sec) : nil
        }
        return max(own, inner.max() ?? own)
    }
}
