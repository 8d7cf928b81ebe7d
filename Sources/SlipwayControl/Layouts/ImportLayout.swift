// SPDX-License-Identifier: Apache-2.0

/// How the models of a path that is to be imported lie.
package enum ImportLayout: Sendable, Hashable {
    /// A model file, or a folder that holds one.
    case single
    /// Folders of models in Triton's layout.
    case tritonRepository
    /// One model of such a repository, with its configuration and its numbered folders.
    case tritonModel
    /// Numbered folders, as TensorFlow Serving's base path has them.
    case numbered
    /// An OCI image layout with models in it.
    case ociLayout

    /// Looks at names only; whatever cannot be read counts as ``single``, whose import tells why.
    package static func detect(_ path: String) -> ImportLayout {
        guard FileFacts.isDirectory(path), let folder = try? LayoutFolder(path), let names = try? folder.names(in: "")
        else { return .single }
        if OCILayout.isLayout(names) { return .ociLayout }
        let isModel = { (name: String) in [".onnx", ".gguf"].contains { name.hasSuffix($0) } }
        if names.contains(where: { isModel($0) && !folder.isFolder($0) }) { return .single }
        if names.contains("config.pbtxt") { return .tritonModel }
        if hasVersions("", in: folder, .tensorFlowServing) { return .numbered }
        return names.contains { TritonRepository.isModel($0, in: folder) } ? .tritonRepository : .single
    }

    /// Reads the models that lie at a path.
    ///
    /// - Parameter name: The model's name for ``tritonModel``, ``numbered`` and ``ociLayout``, the one model that is
    ///   wanted for ``tritonRepository``.
    /// - Throws: `ControlError`; none for what is wrong with one of several models.
    package func models(at path: String, name: String?) throws(ControlError) -> [LayoutModel] {
        switch self {
        case .tritonRepository:
            return try TritonRepository.scan(path, only: name)
        case .tritonModel:
            return [try TritonRepository.model(at: path, name: try Self.required(name))]
        case .numbered:
            return [TensorFlowServingConfig.model(at: path, name: try Self.required(name))]
        case .ociLayout:
            return try OCILayout.scan(path, name: name)
        case .single:
            throw ControlError(.invalidRequest, "'\(path)' is one model, not numbered folders of versions")
        }
    }

    private static func required(_ name: String?) throws(ControlError) -> String {
        guard let name else { throw ControlError(.invalidRequest, "numbered folders need the model's name: --name") }
        return name
    }

    /// Whether a folder has a numbered folder with something in it.
    static func hasVersions(_ path: String, in folder: LayoutFolder, _ rule: NumberedVersions.Rule) -> Bool {
        guard let names = try? folder.names(in: path) else { return false }
        let prefix = path.isEmpty ? "" : path + "/"
        return names.contains { name in
            guard NumberedVersions.number(name, rule) != nil, folder.isFolder(prefix + name) else { return false }
            return (try? folder.names(in: prefix + name))?.isEmpty == false
        }
    }
}
