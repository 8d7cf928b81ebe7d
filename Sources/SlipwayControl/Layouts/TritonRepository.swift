// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// Reads a model repository in Triton's layout.
///
/// `MODEL/config.pbtxt` may be missing, as Triton fills it in for ONNX models; `MODEL/3/model.onnx` is version 3. Other
/// files and folders are passed over, symbolic links are followed only inside of the repository.
package enum TritonRepository {
    /// Reads every model of a repository, or one.
    ///
    /// What is wrong with one model is told with it and does not keep the others from being read.
    ///
    /// - Parameters:
    ///   - path: The repository's folder.
    ///   - only: The one model that is wanted.
    /// - Throws: `ControlError` when the folder cannot be read or there is no such model.
    package static func scan(_ path: String, only: String? = nil) throws(ControlError) -> [LayoutModel] {
        let folder = try LayoutFolder(path)
        let names = try folder.names(in: "").filter { isModel($0, in: folder) }
        guard let only else { return names.map { read($0, folder: folder, path: $0) } }
        guard names.contains(only) else {
            throw ControlError(
                .notFound, "the repository has no model '\(only)'" + NearestWord.hint(only, among: names))
        }
        return [read(only, folder: folder, path: only)]
    }

    /// Reads one model whose folder was named itself.
    package static func model(at path: String, name: String) throws(ControlError) -> LayoutModel {
        read(name, folder: try LayoutFolder(path), path: "", checksName: false)
    }

    static func isModel(_ name: String, in folder: LayoutFolder) -> Bool {
        guard folder.isFolder(name) else { return false }
        if FileFacts.exists(folder.root + "/" + name + "/config.pbtxt") { return true }
        return ImportLayout.hasVersions(name, in: folder, .triton)
    }

    private static func read(
        _ name: String, folder: LayoutFolder, path: String, checksName: Bool = true
    ) -> LayoutModel {
        var model = LayoutModel(name: name)
        do {
            try ModelReference.checkName(name)
            let prefix = path.isEmpty ? "" : path + "/"
            if let text = try folder.bytes(of: prefix + "config.pbtxt") {
                model.config = try TritonModelConfig.parse(text: text, file: prefix + "config.pbtxt")
            }
            let config = model.config ?? TritonModelConfig()
            if checksName, let given = config.name, given != name {
                throw ControlError(
                    .invalidRequest, "config.pbtxt calls the model '\(given)', its folder '\(name)': make them equal")
            }
            model.notes = config.ignored.map(\.description)
            guard config.obstacles.isEmpty else {
                throw ControlError(
                    .unsupportedFormat, config.obstacles.map(\.description).joined(separator: "; "))
            }
            let numbered = NumberedVersions(folder: folder, rule: .triton, modelFile: config.modelFile)
            model.versions = try numbered.find(in: path)
            model.choose(config.versionPolicy ?? .latest(1))
            for output in config.outputs {
                guard let file = output.labelFile else { continue }
                model.classLabels[output.name] = try labels(prefix + file, folder)
            }
        } catch let error as any SlipwayError {
            model.refuse(error.message)
        } catch {
            model.refuse("\(error)")
        }
        return model
    }

    /// The most classes of one output.
    private static let maximumLabels = 1_000_000

    private static func labels(_ path: String, _ folder: LayoutFolder) throws(ControlError) -> [String] {
        guard let bytes = try folder.bytes(of: path) else {
            throw ControlError(.notFound, "the file of labels '\(path)' is not there")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ControlError(.unreadable, "the file of labels '\(path)' is not UTF-8 text")
        }
        var lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }.map(String.init)
        if lines.last == "" { lines.removeLast() }
        guard lines.count <= maximumLabels else {
            throw ControlError(.unreadable, "the file of labels '\(path)' has more than \(maximumLabels) lines")
        }
        return lines
    }
}
