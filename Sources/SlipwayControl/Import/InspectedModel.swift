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

    /// Reads a file, or the one model file of a folder.
    ///
    /// - Throws: ``ControlError`` `unsupportedFormat` naming the format, or `FormatError`.
    init(path: String) throws {
        let file = try Self.modelFile(at: path)
        let detected = try FormatDetector.detect(path: file)
        guard detected.isSupported, detected.format == .onnx else {
            throw ControlError(.unsupportedFormat, detected.message)
        }
        let info = try ONNXReader.read(path: file)
        let folder = file.lastIndex(of: "/").map { String(file[..<$0]) } ?? "."
        let external = info.externalFiles.map { Part(source: folder + "/" + $0.path, path: $0.path) }
        format = .onnx
        signature = info.signature
        parts = [Part(source: file, path: Self.primaryName(avoiding: external.map(\.path)))] + external
        metadata = Self.facts(info)
    }

    /// The same name for every import, so that equal files make equal bundles.
    private static func primaryName(avoiding taken: [String]) -> String {
        taken.contains("model.onnx") ? "model-graph.onnx" : "model.onnx"
    }

    private static func modelFile(at path: String) throws -> String {
        guard FileFacts.isDirectory(path) else { return path }
        let candidates = try FileFacts.names(in: path).filter { $0.hasSuffix(".onnx") }
        guard candidates.count == 1, let only = candidates.first else {
            throw ControlError(
                .invalidRequest,
                "the folder holds \(candidates.count) files that end in .onnx, expected 1: name the file itself")
        }
        return path + "/" + only
    }

    private static func facts(_ info: ONNXModelInfo) -> [String: String] {
        var facts = info.metadata.reduce(into: [String: String]()) { $0["file." + $1.key] = $1.value }
        facts["producer"] = [info.producerName, info.producerVersion].filter { !$0.isEmpty }.joined(separator: " ")
        facts["onnx.ir"] = String(info.irVersion)
        facts["onnx.opsets"] = info.opsetImports
            .map { "\($0.domain.isEmpty ? "ai.onnx" : $0.domain) \($0.version)" }.sorted().joined(separator: ", ")
        facts["onnx.nodes"] = String(info.nodeCount)
        if !info.graphName.isEmpty { facts["onnx.graph"] = info.graphName }
        for (output, labels) in info.classLabels {
            let names: [String] =
                switch labels {
                case .integers(let values): values.map { String($0) }
                case .strings(let values): values
                }
            facts[ClassLabelFacts.key(output)] = ClassLabelFacts.write(names)
        }
        return facts.filter { !$0.value.isEmpty }
    }
}
