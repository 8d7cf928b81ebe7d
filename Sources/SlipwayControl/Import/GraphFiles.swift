// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// The files of models that an engine reads by itself: TensorFlow, TensorFlow Lite, PaddlePaddle, OpenVINO IR.
enum GraphFiles {
    static let formats: Set<ModelFormat> = [.savedModel, .tensorFlowGraph, .tflite, .paddle, .openVINO]

    /// What TensorFlow writes into a SavedModel's folder; anything else there is none of the model.
    private static let savedModelFiles: Set<String> = [
        "saved_model.pb", "saved_model.pbtxt", "fingerprint.pb", "keras_metadata.pb",
    ]
    private static let savedModelFolders = ["variables/", "assets/", "assets.extra/"]

    /// The bundle's files, the one an engine opens first; `nil` for other formats.
    ///
    /// Files of one kind have one name in every bundle, so that equal files make equal bundles.
    ///
    /// - Parameter path: The file or the folder that was recognised.
    /// - Throws: ``ControlError`` for a file that is missing.
    static func parts(of format: ModelFormat, at path: String) throws(ControlError) -> [InspectedModel.Part]? {
        switch format {
        case .savedModel: return try savedModel(path)
        case .tensorFlowGraph: return [.init(source: path, path: "model.pb")]
        case .tflite: return [.init(source: path, path: "model.tflite")]
        case .paddle: return try paddle(path)
        case .openVINO: return intermediate(path)
        default: return nil
        }
    }

    private static func savedModel(_ path: String) throws(ControlError) -> [InspectedModel.Part] {
        let folder = FileFacts.isDirectory(path) ? path : InspectedModel.folder(of: path)
        let names = try FileFacts.files(under: folder).filter { name in
            savedModelFiles.contains(name) || savedModelFolders.contains { name.hasPrefix($0) }
        }
        guard let graph = names.first(where: { $0.hasPrefix("saved_model.pb") }) else {
            throw ControlError(.notFound, "the SavedModel's folder has no saved_model.pb: copy the whole folder")
        }
        return ([graph] + names.filter { $0 != graph }).map { .init(source: folder + "/" + $0, path: $0) }
    }

    private static func paddle(_ path: String) throws(ControlError) -> [InspectedModel.Part] {
        let graph = FileFacts.isDirectory(path) ? try paddleGraph(in: path) : path
        let main = InspectedModel.Part(source: graph, path: "inference.pdmodel")
        let weights = stem(of: graph) + ".pdiparams"
        // A model without weights is one file.
        guard FileFacts.size(weights) != nil else { return [main] }
        return [main, .init(source: weights, path: "inference.pdiparams")]
    }

    private static func paddleGraph(in folder: String) throws(ControlError) -> String {
        let graphs = try FileFacts.names(in: folder).filter { $0.hasSuffix(".pdmodel") }
        if graphs.count == 1 { return folder + "/" + graphs[0] }
        throw ControlError(
            .invalidRequest, "the folder holds \(graphs.count) files that end in .pdmodel, expected 1: name the file")
    }

    private static func intermediate(_ path: String) -> [InspectedModel.Part] {
        let main = InspectedModel.Part(source: path, path: "model.xml")
        let weights = stem(of: path) + ".bin"
        guard FileFacts.size(weights) != nil else { return [main] }
        return [main, .init(source: weights, path: "model.bin")]
    }

    private static func stem(of path: String) -> String {
        guard let dot = path.lastIndex(of: "."), !path[dot...].contains("/") else { return path }
        return String(path[..<dot])
    }
}
