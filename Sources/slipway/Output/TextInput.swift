// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Reads a text file or standard input whole.
enum TextInput {
    /// - Parameters:
    ///   - path: A file, or `-` for standard input.
    ///   - most: More bytes than that are an error, before they are held.
    /// - Throws: ``ValidationFailure`` that names the file.
    static func read(_ path: String, most: Int) throws -> String {
        let descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw ValidationFailure("cannot read '\(path)': \(reason())") }
        defer { if path != "-" { close(descriptor) } }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw ValidationFailure("cannot read '\(path)': \(reason())") }
            if count == 0 { break }
            bytes += chunk[..<count]
            guard bytes.count <= most else {
                throw ValidationFailure("'\(path)' has more than \(byteText(most)): is it the right file?")
            }
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ValidationFailure("'\(path)' is not UTF-8 text")
        }
        return text
    }

    private static func reason() -> String { String(cString: strerror(errno)) }
}
