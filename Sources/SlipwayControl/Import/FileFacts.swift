// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What the file system says of a path.
enum FileFacts {
    static func isDirectory(_ path: String) -> Bool { mode(path).map { $0 & S_IFMT == S_IFDIR } ?? false }

    static func exists(_ path: String) -> Bool { mode(path) != nil }

    /// Size of a regular file in bytes; `nil` for anything else.
    static func size(_ path: String) -> Int? {
        var facts = stat()
        guard stat(path, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else { return nil }
        return Int(facts.st_size)
    }

    /// A regular file's absolute path, size and time of change in nanoseconds; `nil` for anything else.
    static func identity(_ path: String) -> (path: String, byteCount: Int, modified: Int)? {
        var facts = stat()
        guard stat(path, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG, let real = realpath(path, nil) else {
            return nil
        }
        defer { free(real) }
        let modified = Int(facts.st_mtim.tv_sec).multipliedReportingOverflow(by: 1_000_000_000).partialValue
        return (String(cString: real), Int(facts.st_size), modified &+ Int(facts.st_mtim.tv_nsec))
    }

    /// Names in a folder, without `.` and `..`, sorted.
    static func names(in folder: String) throws(ControlError) -> [String] {
        guard let directory = opendir(folder) else {
            throw ControlError(.unreadable, "cannot open the folder: \(String(cString: strerror(errno)))")
        }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Regular files under a folder by their paths relative to it, sorted; links and what else there is are left out.
    ///
    /// - Throws: ``ControlError`` `tooLarge` beyond `limit` names or 16 folders in one another.
    static func files(under folder: String, limit: Int = 10_000) throws(ControlError) -> [String] {
        var files: [String] = []
        var seen = 0
        var folders: [(path: String, depth: Int)] = [("", 0)]
        while let (path, depth) = folders.popLast() {
            for name in try names(in: path.isEmpty ? folder : folder + "/" + path) {
                seen += 1
                guard seen <= limit, depth < 16 else {
                    throw ControlError(
                        .tooLarge,
                        "the folder has more than \(limit) files, or folders more than 16 deep: a model's "
                            + "own folder is expected")
                }
                let relative = path.isEmpty ? name : path + "/" + name
                var facts = stat()
                guard lstat(folder + "/" + relative, &facts) == 0 else { continue }
                switch facts.st_mode & S_IFMT {
                case S_IFREG: files.append(relative)
                case S_IFDIR: folders.append((relative, depth + 1))
                default: break
                }
            }
        }
        return files.sorted()
    }

    private static func mode(_ path: String) -> mode_t? {
        var facts = stat()
        return stat(path, &facts) == 0 ? facts.st_mode : nil
    }

    /// The whole of a file.
    static func bytes(_ path: String) throws(ControlError) -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            throw ControlError(.unreadable, "cannot read '\(path)': \(String(cString: strerror(errno)))")
        }
        defer { close(file) }
        var bytes: [UInt8] = []
        let chunk = 1 << 20
        while true {
            let filled = bytes.count
            bytes.append(contentsOf: repeatElement(0, count: chunk))
            let count = bytes.withUnsafeMutableBytes { read(file, $0.baseAddress?.advanced(by: filled), chunk) }
            bytes.removeLast(chunk - max(0, count))
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                throw ControlError(.unreadable, "cannot read '\(path)': \(String(cString: strerror(errno)))")
            }
            if count == 0 { return bytes }
        }
    }
}
