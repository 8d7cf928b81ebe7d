// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOPosix
import SlipwayCore
import SlipwayWire

/// The files of this machine that an import needs.
struct ModelFiles: Sendable {
    struct File: Sendable {
        let path: String
        /// Relative to the model's folder, or its own name.
        let name: String
        let byteCount: Int
    }

    /// As many as a server takes for one model.
    private static let maximumCount = 1000
    private static let maximumDepth = 16

    let parts: [File]
    let samples: [File]
    let expected: [File]
    let isFolder: Bool
    let sourceName: String

    var byteCount: Int { (parts + samples + expected).reduce(0) { $0 + $1.byteCount } }

    /// - Throws: ``ClientError`` `fileUnreadable`.
    init(_ request: ImportRequest) async throws {
        let path = request.path
        sourceName = request.sourceName ?? Self.name(of: path)
        isFolder = await Self.isFolder(path)
        if isFolder {
            parts = try await NIOThreadPool.singleton.runIfActive { try Self.files(of: path) }
        } else {
            var parts: [File] = []
            for path in [path] + request.further { parts.append(try await Self.file(path)) }
            self.parts = parts
        }
        samples = try await Self.files(request.samples)
        expected = try await Self.files(request.expected)
    }

    /// A file that was named, or none.
    static func files(_ path: String?) async throws -> [File] {
        guard let path else { return [] }
        return [try await file(path)]
    }

    private static func file(_ path: String) async throws -> File {
        File(path: path, name: name(of: path), byteCount: try await FileUpload.size(of: path))
    }

    private static func name(of path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }

    private static func isFolder(_ path: String) async -> Bool {
        let answer = try? await NIOThreadPool.singleton.runIfActive {
            var facts = stat()
            return stat(path, &facts) == 0 && facts.st_mode & S_IFMT == S_IFDIR
        }
        return answer ?? false
    }

    /// Regular files under a folder; hidden ones, links and what else there is are left out.
    private static func files(of folder: String) throws -> [File] {
        var found: [File] = []
        var folders: [(path: String, depth: Int)] = [("", 0)]
        while let (path, depth) = folders.popLast() {
            let place = path.isEmpty ? folder : folder + "/" + path
            guard let handle = opendir(place) else { throw FileUpload.unreadable(place, errno) }
            defer { closedir(handle) }
            while let entry = readdir(handle) {
                let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                    String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
                }
                guard !name.hasPrefix(".") else { continue }
                let relative = path.isEmpty ? name : path + "/" + name
                var facts = stat()
                guard lstat(folder + "/" + relative, &facts) == 0 else { continue }
                switch facts.st_mode & S_IFMT {
                case S_IFREG:
                    found.append(File(path: folder + "/" + relative, name: relative, byteCount: Int(facts.st_size)))
                case S_IFDIR: folders.append((relative, depth + 1))
                default: break
                }
                guard found.count <= maximumCount, depth < maximumDepth else { throw tooMany(folder) }
            }
        }
        guard !found.isEmpty else {
            throw ClientError(
                code: .fileUnreadable, category: .notFound, message: "the folder '\(folder)' holds no files")
        }
        return found.sorted { $0.name < $1.name }
    }

    private static func tooMany(_ folder: String) -> ClientError {
        ClientError(
            code: .fileUnreadable, category: .tooLarge,
            message: "the folder '\(folder)' has more than \(maximumCount) files, or folders more than \(maximumDepth) "
                + "deep: name the model's own folder")
    }
}
