// SPDX-License-Identifier: Apache-2.0

import Glibc
import SlipwayCore
import SlipwayRegistry

/// An endpoint's folder of segments. All calls block.
struct CaptureFolder {
    let path: String

    /// - Throws: ``RegistryError`` `invalid` for what is no endpoint's name.
    init(root: String, endpoint: String) throws(RegistryError) {
        try RegistryError.checkName(endpoint)
        // The grammar of names has no slash; a leading dot would be a folder of the system.
        guard !endpoint.hasPrefix(".") else { throw RegistryError(.invalid, "'\(endpoint)' is no endpoint's name") }
        path = root + "/" + endpoint
    }

    /// The segments there are, oldest first.
    func files() throws(RegistryError) -> [CaptureFile] {
        var files: [CaptureFile] = []
        for name in try PosixFolder.names(in: path) {
            var status = stat()
            // One that goes meanwhile is not listed.
            guard lstat(path + "/" + name, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
                let file = CaptureFile(name: name, byteCount: Int(status.st_size))
            else { continue }
            files.append(file)
        }
        return files.sorted { ($0.startedAt, $0.name) < ($1.startedAt, $1.name) }
    }

    func path(of file: CaptureFile) -> String { path + "/" + file.name }

    /// Gives drafts whose writers are dead a name of their own, so that they are never taken for segments.
    ///
    /// - Returns: Their new names.
    func setTornAside() throws(RegistryError) -> [String] {
        var names: [String] = []
        for file in try files() where file.state == .open {
            let handle = open(path(of: file), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
            guard handle >= 0 else { continue }
            defer { close(handle) }
            guard try FileLock.hold(handle, isExclusive: true, path: path(of: file)) else { continue }
            try setAside(file, as: .torn)
            names.append(CaptureFile.name(file.stem, .torn))
        }
        return names
    }

    func setAside(_ file: CaptureFile, as state: CaptureFile.State) throws(RegistryError) {
        try Self.rename(path(of: file), to: path + "/" + CaptureFile.name(file.stem, state))
        try PosixFolder.synchronize(path)
    }

    /// Removes the oldest until what is left keeps to the bounds; never what is being written.
    ///
    /// - Returns: How many went.
    func prune(maximumBytes: Int, before horizon: Timestamp) throws(RegistryError) -> Int {
        guard let lock = try FileLock.attempt(path + "/.lock", isExclusive: true) else { return 0 }
        let files = try files()
        var byteCount = files.reduce(0) { $0 + $1.byteCount }
        var removed = 0
        for file in files where file.state != .open {
            guard byteCount > maximumBytes || file.startedAt < horizon else { continue }
            try PosixFolder.removeTree(path(of: file))
            byteCount -= file.byteCount
            removed += 1
        }
        if removed > 0 { try PosixFolder.synchronize(path) }
        _ = consume lock
        return removed
    }

    static func rename(_ path: String, to target: String) throws(RegistryError) {
        guard Glibc.rename(path, target) == 0 else {
            throw RegistryError(systemError: errno, doing: "renamed", path: path)
        }
    }
}
