// SPDX-License-Identifier: Apache-2.0

import Glibc
public import SlipwayCore
public import SlipwayEngine

/// A temporary folder of model files, removed with the last reference.
public final class ModelFolder: Sendable {
    public struct CannotWrite: Error {
        public let path: String
        public let reason: String
    }

    public let path: String

    public init() throws {
        let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(base)/slipway-models-XXXXXX".utf8CString)
        guard let made = template.withUnsafeMutableBufferPointer({ $0.baseAddress.flatMap { mkdtemp($0) } }) else {
            throw CannotWrite(path: base, reason: String(cString: strerror(errno)))
        }
        path = String(cString: made)
    }

    /// Writes a file and returns its path.
    @discardableResult
    public func write(_ bytes: [UInt8], as name: String) throws -> String {
        let file = "\(path)/\(name)"
        guard let stream = fopen(file, "w") else {
            throw CannotWrite(path: file, reason: String(cString: strerror(errno)))
        }
        let count = fwrite(bytes, 1, bytes.count, stream)
        guard fclose(stream) == 0, count == bytes.count else {
            throw CannotWrite(path: file, reason: String(cString: strerror(errno)))
        }
        return file
    }

    /// Writes a model and describes it; an engine learns the signature from the file.
    public func bundle(_ bytes: [UInt8], as name: String, format: ModelFormat = .onnx) throws -> ModelBundle {
        ModelBundle(
            format: format, path: try write(bytes, as: name), signature: ModelSignature(inputs: [], outputs: []))
    }

    /// The names of the files in it.
    public var names: [String] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    deinit {
        for name in names { unlink("\(path)/\(name)") }
        rmdir(path)
    }
}
