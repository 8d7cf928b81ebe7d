// SPDX-License-Identifier: Apache-2.0

import Glibc

extension ONNXReader {
    /// Checks that every file with external weights is there, long enough, and inside the model's folder.
    ///
    /// Symbolic links are followed; where one leads out of the folder, the file is refused.
    ///
    /// - Parameter path: The model's own file; its folder is where the others must be.
    /// - Throws: ``FormatError`` `missingFile`, `truncated` or `unsafePath`, naming the file.
    public static func checkExternalFiles(of info: ONNXModelInfo, beside path: String) throws(FormatError) {
        guard !info.externalFiles.isEmpty else { return }
        let folder = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        guard let root = resolved(folder) else {
            throw FormatError(.missingFile, "the model's folder cannot be found", at: folder)
        }
        for file in info.externalFiles {
            guard let target = resolved(root + "/" + file.path) else {
                throw FormatError(
                    .missingFile,
                    "the model keeps weights in '\(file.path)', which is not beside it; copy that file too",
                    at: file.path)
            }
            guard target.hasPrefix(root == "/" ? root : root + "/") else {
                throw FormatError(
                    .unsafePath,
                    "'\(file.path)' is a link that leads out of the model's folder; "
                        + "put the file itself beside the model",
                    at: file.path)
            }
            let available = try FileSource(path: target).byteCount
            guard available >= file.byteCount else {
                throw FormatError(
                    .truncated,
                    "the model reads \(file.byteCount) bytes from '\(file.path)', which has only \(available); "
                        + "copy it again",
                    at: file.path)
            }
        }
    }

    private static func resolved(_ path: String) -> String? {
        guard let pointer = realpath(path, nil) else { return nil }
        defer { free(pointer) }
        return String(cString: pointer)
    }
}
