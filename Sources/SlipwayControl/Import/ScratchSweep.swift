// SPDX-License-Identifier: Apache-2.0

import Glibc
import SlipwayRegistry

/// Removes what imports left that were killed on their way. Its calls block.
package enum ScratchSweep {
    /// Removes copies and conversions in a home's cache that nobody wrote to for ``UploadFolder/lifetime``, and returns
    /// the bytes that this freed.
    ///
    /// - Parameter cache: Other files there are left alone.
    @discardableResult
    package static func run(cache: String, now: Int = Int(time(nil))) -> Int {
        var freed = 0
        for (folder, prefixes) in [(cache, ["upload-"]), (cache + "/import", ["import-", "source-"])] {
            for name in (try? PosixFolder.names(in: folder)) ?? [] where prefixes.contains(where: name.hasPrefix) {
                let path = folder + "/" + name
                guard let changed = changed(path),
                    now - changed > Int(UploadFolder.lifetime.components.seconds)
                else { continue }
                freed += (try? PosixFolder.removeTree(path)) ?? 0
            }
        }
        return freed
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
