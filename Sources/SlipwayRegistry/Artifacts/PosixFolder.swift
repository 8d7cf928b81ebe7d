// SPDX-License-Identifier: Apache-2.0

package import Glibc

/// Folders of the file system. All calls block; none follows a symbolic link at the end of a path.
package enum PosixFolder {
    /// Makes a folder and those above it that are missing.
    ///
    /// - Throws: ``RegistryError``, `conflict` when something else has the name.
    package static func make(_ path: String, mode: mode_t = 0o700) throws(RegistryError) {
        if mkdir(path, mode) == 0 { return }
        let failure = errno
        if failure == EEXIST {
            // A home may be reached through a link, so the link is followed here.
            var status = stat()
            if stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR { return }
        } else if failure == ENOENT, path.dropFirst().contains("/") {
            try make(parent(of: path), mode: mode)
            if mkdir(path, mode) == 0 || errno == EEXIST { return }
        }
        throw RegistryError(systemError: failure, doing: "made", path: path)
    }

    /// The folder that a path's last component is in.
    package static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// The names in a folder, without `.` and `..`, sorted; empty when there is no such folder.
    package static func names(in path: String) throws(RegistryError) -> [String] {
        guard let handle = opendir(path) else {
            if errno == ENOENT { return [] }
            throw RegistryError(systemError: errno, doing: "listed", path: path)
        }
        defer { closedir(handle) }
        var names: [String] = []
        errno = 0
        while let entry = readdir(handle) {
            // The name lies inside the entry, as long as its terminator says and never longer than the field.
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
            errno = 0
        }
        guard errno == 0 else { throw RegistryError(systemError: errno, doing: "listed", path: path) }
        return names.sorted()
    }

    /// Waits until the names in a folder are on the disk.
    package static func synchronize(_ path: String) throws(RegistryError) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw RegistryError(systemError: errno, doing: "opened", path: path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else {
            throw RegistryError(systemError: errno, doing: "flushed", path: path)
        }
    }

    /// Removes a file, or a folder with all that is in it; links are removed, never followed.
    ///
    /// - Returns: The bytes given back: those of files that had no other name.
    @discardableResult
    package static func removeTree(_ path: String) throws(RegistryError) -> Int {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            if errno == ENOENT { return 0 }
            throw RegistryError(systemError: errno, doing: "examined", path: path)
        }
        var freed = 0
        if status.st_mode & S_IFMT == S_IFDIR {
            for name in try names(in: path) { freed += try removeTree(path + "/" + name) }
            guard rmdir(path) == 0 || errno == ENOENT else {
                throw RegistryError(systemError: errno, doing: "removed", path: path)
            }
        } else {
            guard unlink(path) == 0 || errno == ENOENT else {
                throw RegistryError(systemError: errno, doing: "removed", path: path)
            }
            if status.st_nlink <= 1, status.st_mode & S_IFMT == S_IFREG { freed = Int(status.st_size) }
        }
        return freed
    }

    /// Makes a folder with a new name that starts with `prefix`, for its owner only.
    package static func makeTemporary(prefix: String) throws(RegistryError) -> String {
        var generator = SystemRandomNumberGenerator()
        let path = prefix + String(generator.next(), radix: 16)
        guard mkdir(path, 0o700) == 0 else { throw RegistryError(systemError: errno, doing: "made", path: path) }
        return path
    }
}
