// SPDX-License-Identifier: Apache-2.0

import Glibc
package import SlipwayCore
package import SlipwayRegistry
import SlipwaySecurity

extension FolderArtifactStore {
    package func checkOut(_ files: [BundleFile], bundle: Digest) async throws -> String {
        try BundlePath.check(files)
        return try await BlockingFiles.run { flag in
            for digest in Set(files.map(\.digest)) { try check(digest, until: flag) }
            let folder = bundles + "/" + bundle.hex
            if try isLaidOut(files, in: folder, until: flag) { return folder }
            try PosixFolder.make(bundles)
            let draft = bundles + "/." + Self.randomName()
            try PosixFolder.make(draft)
            let handle = open(draft, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            defer { close(handle) }
            _ = try FileLock.hold(handle, isExclusive: true, path: draft)
            do {
                for file in files { try layOut(file, in: draft, until: flag) }
                try putInPlace(draft, as: folder, files: files, until: flag)
            } catch {
                _ = try? PosixFolder.removeTree(draft)
                throw error
            }
            return folder
        }
    }

    package func removeLeftovers(keeping kept: Set<Digest>) async throws -> Int {
        try await BlockingFiles.run { _ in
            var freed = 0
            for name in try PosixFolder.names(in: temporary) {
                freed += try removeUnlessInUse(temporary + "/" + name)
            }
            for name in try PosixFolder.names(in: bundles) {
                if let digest = Digest(hex: name) {
                    if kept.contains(digest) { continue }
                    freed += try PosixFolder.removeTree(bundles + "/" + name)
                } else {
                    freed += try removeUnlessInUse(bundles + "/" + name)
                }
            }
            return freed
        }
    }

    /// Removes what no living process holds a lock on.
    private func removeUnlessInUse(_ path: String) throws -> Int {
        let handle = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        defer { if handle >= 0 { close(handle) } }
        if handle >= 0, try !FileLock.hold(handle, isExclusive: true, path: path) { return 0 }
        return try PosixFolder.removeTree(path)
    }

    /// Whether every file is there as a link to its blob, which was checked, or as a copy with the same content.
    private func isLaidOut(
        _ files: [BundleFile], in folder: String, until flag: CancellationFlag
    ) throws -> Bool {
        for file in files {
            var blob = stat()
            var laidOut = stat()
            guard lstat(path(of: file.digest), &blob) == 0, lstat(folder + "/" + file.path, &laidOut) == 0 else {
                return false
            }
            if blob.st_dev == laidOut.st_dev, blob.st_ino == laidOut.st_ino { continue }
            guard let copy = try? PosixFile(reading: folder + "/" + file.path),
                try copy.hashed(until: flag).digest == file.digest
            else { return false }
        }
        return true
    }

    private func layOut(_ file: BundleFile, in folder: String, until flag: CancellationFlag) throws {
        let target = folder + "/" + file.path
        try PosixFolder.make(PosixFolder.parent(of: target))
        if link(path(of: file.digest), target) == 0 { return }
        // No links between file systems, on some file systems, or beyond a number of them: a copy serves as well.
        let copy = try PosixFile(creating: target, mode: 0o400)
        var hasher = SHA256Hasher()
        try PosixFile(reading: path(of: file.digest)).forEachChunk(until: flag) { chunk in
            try copy.write(chunk, using: writer)
            hasher.update(chunk)
        }
        guard hasher.digest() == file.digest else {
            throw RegistryError.corruptBlob(file.digest, found: hasher.digest().description)
        }
    }

    /// Gives a laid-out folder its name; what has the name already is another process's equal work, or damaged.
    private func putInPlace(
        _ draft: String, as folder: String, files: [BundleFile], until flag: CancellationFlag
    ) throws {
        for _ in 0..<10 {
            if rename(draft, folder) == 0 { return }
            guard errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR else {
                throw RegistryError(systemError: errno, doing: "renamed", path: draft)
            }
            if try isLaidOut(files, in: folder, until: flag) {
                try PosixFolder.removeTree(draft)
                return
            }
            // Moved away first: an engine that has the old files open keeps them.
            let old = bundles + "/." + Self.randomName()
            if rename(folder, old) == 0 { try PosixFolder.removeTree(old) }
        }
        throw RegistryError(
            .storeUnavailable, "the check-out was replaced again and again by another process: try again",
            location: folder)
    }
}
