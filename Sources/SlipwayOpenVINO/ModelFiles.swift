// SPDX-License-Identifier: Apache-2.0

import Glibc
import SlipwayCore
import SlipwayEngine

/// A bundle's files as the library wants them named: it tells formats by the ending of a name.
final class ModelFiles: Sendable {
    /// What the library is to read: a file, or the folder of a SavedModel.
    let path: String
    /// The weights that lie in a file of their own.
    let weights: String?
    /// Bytes of all files that are known to belong to the model.
    let byteCount: Int
    /// Where the files are linked under other names; removed with this object.
    private let links: String?

    /// - Throws: ``EngineError`` `unsupportedModel` for a format that the library does not read, `invalidModel` when a
    ///   file is not there.
    init(_ bundle: ModelBundle) throws(EngineError) {
        guard OpenVINOEngine.formats.contains(bundle.format) else {
            throw EngineError(
                code: .unsupportedModel,
                message: "OpenVINO reads ONNX, TensorFlow, TensorFlow Lite, PaddlePaddle and its own IR, not "
                    + "\(bundle.format.displayName). Convert the model to ONNX first")
        }
        guard let size = Self.size(bundle.path) else {
            throw EngineError(
                code: .invalidModel, message: "a file of the model is missing: there is no \(bundle.path)")
        }
        if bundle.format == .savedModel {
            let folder = Self.isFolder(bundle.path) ? bundle.path : Self.folder(of: bundle.path)
            guard Self.size(folder + "/saved_model.pb") != nil else {
                throw EngineError(
                    code: .invalidModel,
                    message: "a SavedModel is a folder with saved_model.pb in it, there is none in \(folder)")
            }
            (path, weights, links) = (folder, nil, nil)
            byteCount = Self.savedModelBytes(folder)
            return
        }
        let separate = try Self.separateWeights(bundle)
        byteCount = size + (separate.flatMap { Self.size($0) } ?? 0)
        guard let ending = Self.ending(bundle.format), !bundle.path.hasSuffix(ending) else {
            (path, weights, links) = (bundle.path, separate, nil)
            return
        }
        let folder = try Self.temporaryFolder()
        links = folder
        path = folder + "/model" + ending
        weights = separate
        // A link to a relative path would lead from its own folder to nowhere.
        let real = realpath(bundle.path, nil)
        defer { free(real) }
        guard let real, symlink(real, path) == 0 else {
            throw EngineError(
                code: .loadFailed, message: "cannot link \(bundle.path): \(String(cString: strerror(errno)))")
        }
    }

    deinit {
        guard let links else { return }
        unlink(path)
        rmdir(links)
    }

    /// What a file of the format must end with; `nil` where the library looks inside.
    private static func ending(_ format: ModelFormat) -> String? {
        switch format {
        case .tflite: ".tflite"
        case .tensorFlowGraph: ".pb"
        case .paddle: ".pdmodel"
        case .openVINO: ".xml"
        default: nil
        }
    }

    /// Beside the file, under its own name with another ending.
    private static func separateWeights(_ bundle: ModelBundle) throws(EngineError) -> String? {
        let ending: String
        switch bundle.format {
        case .paddle: ending = ".pdiparams"
        case .openVINO: ending = ".bin"
        default: return nil
        }
        let name = bundle.path.split(separator: "/").last ?? ""
        let stem = name.lastIndex(of: ".").map { bundle.path.dropLast(name[$0...].count) } ?? bundle.path[...]
        let path = stem + ending
        if size(String(path)) != nil { return String(path) }
        // A graph without weights is possible in IR.
        guard bundle.format == .paddle else { return nil }
        throw EngineError(
            code: .invalidModel, message: "a file of the model is missing: its weights ought to be in \(path)")
    }

    private static func temporaryFolder() throws(EngineError) -> String {
        var template = Array("/tmp/slipway-openvino-XXXXXX".utf8CString)
        guard let made = template.withUnsafeMutableBufferPointer({ $0.baseAddress.flatMap { mkdtemp($0) } }) else {
            throw EngineError(
                code: .loadFailed, message: "cannot make a folder in /tmp: \(String(cString: strerror(errno)))")
        }
        return String(cString: made)
    }

    private static func folder(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    }

    private static func isFolder(_ path: String) -> Bool {
        var facts = stat()
        return stat(path, &facts) == 0 && facts.st_mode & S_IFMT == S_IFDIR
    }

    private static func size(_ path: String) -> Int? {
        var facts = stat()
        return stat(path, &facts) == 0 ? Int(facts.st_size) : nil
    }

    /// The graph and the parts of the variables.
    private static func savedModelBytes(_ folder: String) -> Int {
        var total = size(folder + "/saved_model.pb") ?? 0
        guard let variables = opendir(folder + "/variables") else { return total }
        defer { closedir(variables) }
        while let entry = readdir(variables) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.hasPrefix("variables.") { total += size(folder + "/variables/" + name) ?? 0 }
        }
        return total
    }
}
