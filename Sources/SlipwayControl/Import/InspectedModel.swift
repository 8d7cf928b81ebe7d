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
    /// `nil` where only the engine can tell.
    let signature: ModelSignature?
    /// The file an engine opens, first; then the files it refers to.
    let parts: [Part]
    var metadata: [String: String]

    /// What is known already.
    init(format: ModelFormat, signature: ModelSignature?, parts: [Part], metadata: [String: String]) {
        self.format = format
        self.signature = signature
        self.parts = parts
        self.metadata = metadata
    }

    /// Reads a file, or the one model of a folder.
    ///
    /// - Throws: ``ControlError`` `unsupportedFormat` naming the format, or `FormatError`.
    init(path: String) throws { try self.init(try ModelLocation(path)) }

    /// Reads a model of a format that engines run as it is.
    init(_ location: ModelLocation) throws {
        let file = location.path
        format = location.detected.format
        switch format {
        case .onnx:
            let info = try ONNXReader.read(path: file)
            let folder = Self.folder(of: file)
            let external = info.externalFiles.map { Part(source: folder + "/" + $0.path, path: $0.path) }
            signature = info.signature
            parts = [Part(source: file, path: Self.graphName(avoiding: external.map(\.path)))] + external
            metadata = ONNXCard.facts(info)
        case .gguf:
            let info = try GGUFReader.read(path: file)
            try info.requireServable()
            signature = LanguageSignature.of(info)
            parts = Self.parts(info, file: file, folder: Self.folder(of: file))
            metadata = GGUFCard.facts(info)
        default:
            guard let parts = try GraphFiles.parts(of: format, at: file) else {
                throw ControlError(.unsupportedFormat, location.detected.message)
            }
            self.parts = parts
            signature = nil
            metadata = [:]
        }
    }

    /// The signature of a stored file, read again; `nil` for formats whose signature only their engine tells.
    ///
    /// - Throws: `FormatError`; ``ControlError`` `unsupportedFormat` for a format that is not imported.
    static func signature(of format: ModelFormat, at path: String) throws -> ModelSignature? {
        switch format {
        case .onnx:
            return try ONNXReader.read(path: path).signature
        case .gguf:
            return LanguageSignature.of(try GGUFReader.read(path: path))
        default:
            guard GraphFiles.formats.contains(format) else {
                throw ControlError(.unsupportedFormat, "\(format.displayName) models are not served by this version")
            }
            return nil
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

    static func folder(of file: String) -> String {
        file.lastIndex(of: "/").map { $0 == file.startIndex ? "/" : String(file[..<$0]) } ?? "."
    }
}
