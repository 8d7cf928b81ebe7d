// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The one model that a cloud put into a container's folder.
package struct ContainerModel: Sendable, Hashable {
    /// The file to import.
    package let path: String
    /// The model's and the endpoint's name.
    package let name: String

    /// Files looked at; a folder with more holds something other than one model.
    static let maximumFiles = 10_000

    /// Finds the model in a folder.
    ///
    /// - Parameters:
    ///   - folder: `/opt/ml/model`; a file stands for itself.
    ///   - name: What to call the model where its folder does not say.
    /// - Returns: `nil` when there is no such folder, or nothing in it.
    /// - Throws: ``ServerError`` `badParameter` when it holds several models.
    package static func find(in folder: String, name: String) throws(ServerError) -> ContainerModel? {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder) else { return nil }
        guard isFolder.boolValue else { return ContainerModel(path: folder, name: name) }
        var files: [String] = []
        if let walk = FileManager.default.enumerator(atPath: folder) {
            while let path = walk.nextObject() as? String {
                guard files.count < maximumFiles else {
                    throw ServerError(
                        .badParameter, "'\(folder)' holds more than \(maximumFiles) files: name the model's own")
                }
                let isFile = walk.fileAttributes?[.type] as? FileAttributeType == .typeRegular
                if isFile { files.append(path) }
            }
        }
        guard let choice = try choose(among: files, in: folder) else { return nil }
        return ContainerModel(path: folder + "/" + choice.path, name: choice.name ?? name)
    }

    /// Chooses the model's file: the only ONNX file, of numbered versions the highest, of several in one folder the
    /// one called `model.onnx`; where there is no ONNX file, the only file.
    ///
    /// - Parameters:
    ///   - files: Paths from the folder on; those with a hidden part are passed over.
    ///   - folder: For the error.
    /// - Returns: The file, and the name that its folders give the model: `fraud` of `fraud/3/model.onnx`.
    package static func choose(
        among files: [String], in folder: String
    ) throws(ServerError) -> (path: String, name: String?)? {
        let visible = files.filter { path in !path.split(separator: "/").contains { $0.hasPrefix(".") } }
        let models = visible.filter { $0.lowercased().hasSuffix(".onnx") }
        var candidates = (models.isEmpty ? visible : models).map(Candidate.init)
        for newest in candidates where newest.version != nil {
            candidates.removeAll { $0.family == newest.family && ($0.version ?? 0) < (newest.version ?? 0) }
        }
        if candidates.count > 1 {
            let usual = candidates.filter { $0.fileName == "model.onnx" }
            let depth = usual.map(\.depth).min()
            let shallowest = usual.filter { $0.depth == depth }
            if shallowest.count == 1 { candidates = shallowest }
        }
        guard candidates.count <= 1 else {
            let shown = candidates.prefix(5).map(\.path).sorted().joined(separator: ", ")
            throw ServerError(
                .badParameter,
                "'\(folder)' holds \(candidates.count) files that may be the model (\(shown)): leave one, or call it "
                    + "model.onnx")
        }
        return candidates.first.map { ($0.path, $0.family) }
    }

    private struct Candidate {
        let path: String
        let fileName: String
        let depth: Int
        /// The folder's number, where it is one.
        let version: Int?
        /// The folder above the number, or the file's own; `nil` at the top.
        let family: String?

        init(_ path: String) {
            self.path = path
            var parts = path.split(separator: "/").map(String.init)
            fileName = parts.popLast() ?? path
            depth = parts.count
            let number = parts.last.flatMap { $0.hasPrefix("0") ? nil : Int($0) }
            version = number
            if number != nil { parts.removeLast() }
            family = parts.last
        }
    }
}
