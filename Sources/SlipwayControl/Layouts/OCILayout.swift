// SPDX-License-Identifier: Apache-2.0

import Glibc
import SlipwayCore
import SlipwayFormats
import SlipwayRegistry
import SlipwaySecurity

/// Reads models of an OCI image layout whose manifests are those of the CNCF's ModelPack.
///
/// Layers are the model's files as they are; ones that are packed or compressed are refused by name. Every blob is
/// hashed before it is used.
enum OCILayout {
    private static let maximumFiles = 10_000

    static func isLayout(_ names: [String]) -> Bool { names.contains("oci-layout") && names.contains("index.json") }

    /// The models of the layout's index, each with its versions.
    ///
    /// - Parameter name: The model's name; `nil` for the one that the manifest gives.
    /// - Throws: `ControlError` when the layout cannot be read or holds no model.
    static func scan(_ path: String, name: String?) throws(ControlError) -> [LayoutModel] {
        let folder = try LayoutFolder(path)
        let version = try read(OCILayoutVersion.self, "oci-layout", in: folder)
        guard version.imageLayoutVersion == OCILayoutVersion.current else {
            throw ControlError(
                .unsupportedFormat,
                "the OCI layout is of version '\(version.imageLayoutVersion.prefix(20))', expected 1.0.0")
        }
        var models: [LayoutModel] = []
        for entry in try read(OCIIndex.self, "index.json", in: folder).manifests.prefix(maximumFiles) {
            guard entry.mediaType == OCIMediaType.manifest else { continue }
            let manifest = try read(OCIManifest.self, try blob(entry, in: folder), in: folder)
            guard manifest.artifactType == OCIMediaType.model || manifest.config.mediaType == OCIMediaType.config else {
                continue
            }
            add(manifest, to: &models, name, folder)
        }
        guard !models.isEmpty else {
            throw ControlError(
                .notFound, "the OCI layout holds no model: no manifest is of the type \(OCIMediaType.model)")
        }
        for index in models.indices { models[index].choose(.latest(1)) }
        return models
    }

    private static func add(
        _ manifest: OCIManifest, to models: inout [LayoutModel], _ name: String?, _ folder: LayoutFolder
    ) {
        let title = name ?? manifest.annotations?[OCIAnnotation.title] ?? "model"
        let index = models.firstIndex { $0.name == title } ?? models.count
        if index == models.count {
            models.append(LayoutModel(name: title))
            // A registry's numbers are its own.
            models[index].keepsNumbers = false
        }
        let known = manifest.annotations?[OCIAnnotation.version].flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil }
        let taken = Set(models[index].versions.map(\.number))
        let number = known.flatMap { taken.contains($0) ? nil : $0 } ?? (taken.max() ?? 0) + 1
        var version = LayoutModel.Version(number: number, path: folder.root)
        do throws(ControlError) {
            try ModelNames.check(title)
            let scratch = try unpack(manifest, folder)
            version.path = scratch.path
            version.scratch = scratch
            version.sourceName = folder.root.split(separator: "/").last.map(String.init)
        } catch {
            version.problem = error.message
        }
        models[index].versions.append(version)
        models[index].versions.sort { $0.number < $1.number }
    }

    // MARK: Files

    /// Lays the model's files out under their names.
    private static func unpack(_ manifest: OCIManifest, _ folder: LayoutFolder) throws(ControlError) -> ScratchFolder {
        let layers = manifest.layers.filter { $0.mediaType.hasPrefix(OCIMediaType.weightPrefix) }
        guard !layers.isEmpty, layers.count <= maximumFiles else {
            throw ControlError(.notFound, "the manifest has \(layers.count) layers with weights, expected some")
        }
        let scratch = try ScratchFolder(beside: folder.root)
        for layer in layers {
            guard layer.mediaType == OCIMediaType.weight else {
                throw ControlError(
                    .unsupportedFormat,
                    "a layer is of the type \(layer.mediaType.prefix(100)), expected \(OCIMediaType.weight): "
                        + "pack the model again with raw layers")
            }
            guard let path = layer.annotations?[OCIAnnotation.filePath] ?? layer.annotations?[OCIAnnotation.title]
            else {
                throw ControlError(
                    .unreadable, "a layer has no annotation \(OCIAnnotation.filePath), which names its file")
            }
            let source = folder.root + "/" + (try blob(layer, in: folder))
            try scratch.link(source, as: path)
        }
        return scratch
    }

    /// The path of a blob below the layout, whose bytes are those that the descriptor tells.
    private static func blob(_ descriptor: OCIDescriptor, in folder: LayoutFolder) throws(ControlError) -> String {
        guard descriptor.digest.hasPrefix("sha256:"), let digest = Digest(hex: String(descriptor.digest.dropFirst(7)))
        else {
            throw ControlError(
                .unsupportedFormat, "a blob's digest is '\(descriptor.digest.prefix(80))', expected a sha256")
        }
        let path = OCIExport.blobPath(digest)
        guard let resolved = try folder.resolve(path) else {
            throw ControlError(.notFound, "the layout has no blob '\(path)': copy the whole folder")
        }
        let found: Digest
        do {
            found = try SHA256Hasher.digest(ofFileAt: resolved)
        } catch {
            throw ControlError(.unreadable, "'\(path)' cannot be read: \(error.message)")
        }
        guard found == digest, FileFacts.size(resolved) == descriptor.size else {
            throw ControlError(.unreadable, "'\(path)' has other bytes than its digest tells: copy the layout again")
        }
        return path
    }

    private static func read<T: Decodable>(
        _ type: T.Type, _ path: String, in folder: LayoutFolder
    ) throws(ControlError) -> T {
        guard let bytes = try folder.bytes(of: path) else {
            throw ControlError(.notFound, "the OCI layout has no '\(path)': copy the whole folder")
        }
        return try ExportJSON.read(type, bytes, source: path)
    }
}

/// Names from other programs' files.
private enum ModelNames {
    static func check(_ name: String) throws(ControlError) {
        do {
            try ModelReference.checkName(name)
        } catch {
            throw ControlError(.invalidRequest, "\(error.message); choose another with --name", cause: error)
        }
    }
}
