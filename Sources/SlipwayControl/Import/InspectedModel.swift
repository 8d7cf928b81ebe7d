// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// What a model file says of itself, before anything is stored.
struct InspectedModel: Sendable {
    /// A file of the bundle: where it lies now and where it will lie.
    struct Part: Sendable, Hashable {
        let source: String
        let path: String
    }

    let format: ModelFormat
    let signature: ModelSignature
    /// The file an engine opens, first; then the files it refers to.
    let parts: [Part]
    let metadata: [String: String]

    /// Reads a file, or the one model of a folder.
    ///
    /// - Throws: ``ControlError`` `unsupportedFormat` naming the format, or `FormatError`.
    init(path: String) throws {
        let file = try Self.modelFile(at: path)
        let detected = try FormatDetector.detect(path: file)
        guard detected.isSupported else { throw ControlError(.unsupportedFormat, detected.message) }
        let folder = file.lastIndex(of: "/").map { String(file[..<$0]) } ?? "."
        format = detected.format
        switch format {
        case .onnx:
            let info = try ONNXReader.read(path: file)
            let external = info.externalFiles.map { Part(source: folder + "/" + $0.path, path: $0.path) }
            signature = info.signature
            parts = [Part(source: file, path: Self.graphName(avoiding: external.map(\.path)))] + external
            metadata = ONNXCard.facts(info)
        case .gguf:
            let info = try GGUFReader.read(path: file)
            try info.requireServable()
            signature = LanguageSignature.of(info)
            parts = Self.parts(info, file: file, folder: folder)
            metadata = GGUFCard.facts(info)
        default:
            throw ControlError(.unsupportedFormat, detected.message)
        }
    }

    /// The signature of a stored file, read again.
    ///
    /// - Throws: `FormatError`; ``ControlError`` `unsupportedFormat` for a format that is not imported.
    static func signature(of format: ModelFormat, at path: String) throws -> ModelSignature {
        switch format {
        case .onnx:
            return try ONNXReader.read(path: path).signature
        case .gguf:
            return LanguageSignature.of(try GGUFReader.read(path: path))
        default:
            throw ControlError(.unsupportedFormat, "\(format.displayName) models are not served by this version")
        }
    }

    // The same names for every import, so that equal files make equal bundles.

    private static func graphName(avoiding taken: [String]) -> String {
        taken.contains("model.onnx") ? "model-graph.onnx" : "model.onnx"
    }

    /// The files of a model in several keep their numbers, by which the engine finds them.
    private static func parts(_ info: GGUFModelInfo, file: String, folder: String) -> [Part] {
        guard info.files.count > 1 else { return [Part(source: file, path: "model.gguf")] }
        return info.files.map { part in
            let path = GGUFSplit(fileName: part.name).map { $0.name(of: $0.number, stem: "model") } ?? part.name
            return Part(source: folder + "/" + part.name, path: path)
        }
    }

    private static func modelFile(at path: String) throws -> String {
        guard FileFacts.isDirectory(path) else { return path }
        var candidates: Set<String> = []
        for name in try FileFacts.names(in: path) where name.hasSuffix(".onnx") || name.hasSuffix(".gguf") {
            // Of a model in several files, the first stands for all.
            candidates.insert(GGUFSplit(fileName: name).map { $0.name(of: 1) } ?? name)
        }
        guard candidates.count == 1, let only = candidates.first else {
            throw ControlError(
                .invalidRequest,
                "the folder holds \(candidates.count) files that end in .onnx or .gguf, expected 1: "
                    + "name the file itself")
        }
        return path + "/" + only
    }
}
