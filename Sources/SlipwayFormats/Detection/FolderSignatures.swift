// SPDX-License-Identifier: Apache-2.0

import Glibc
import SlipwayCore

/// Models that are folders.
enum FolderSignatures {
    static let savedModelAdvice = "Unpack it and import the folder with saved_model.pb in it."
    static let paddleAdvice = "Convert it: paddle2onnx --model_dir FOLDER --save_file model.onnx"

    static func detect(_ path: String) -> FormatDetection {
        let names = names(in: path)
        if names.contains("saved_model.pb") {
            return FormatDetection(.savedModel, "The folder is a TensorFlow SavedModel.")
        }
        if names.contains("saved_model.pbtxt") {
            return FormatDetection(
                .savedModel, "The folder is a TensorFlow SavedModel as text.",
                advice: "Save it again as saved_model.pb: tf.saved_model.save(tf.saved_model.load(FOLDER), OTHER)")
        }
        if names.contains("Manifest.json"), names.contains("Data") {
            return FormatDetection(
                .coreML, "The folder is a Core ML package.", advice: ProtobufSignatures.coreMLAdvice)
        }
        if let paddle = paddle(names) { return paddle }
        if let intermediate = intermediate(names) { return intermediate }
        if names.contains("model.safetensors") || names.contains("model.safetensors.index.json") {
            return FormatDetection(
                .safetensors, "The folder holds a model's weights in safetensors.",
                advice: "Export it: optimum-cli export onnx --model FOLDER OUTPUT")
        }
        return FormatDetection(
            .unknown, "The folder holds no model that Slipway knows.",
            advice: "Import the model file inside it; external data are found beside the file.")
    }

    /// A program in a `.pdmodel` file, or in the forms before and after that one.
    private static func paddle(_ names: Set<String>) -> FormatDetection? {
        let programs = names.filter { $0.hasSuffix(".pdmodel") }
        if programs.count > 1 {
            return FormatDetection(
                .paddle, "The folder holds \(programs.count) PaddlePaddle programs.",
                advice: "Name the one to import: FOLDER/\(programs.min() ?? "inference.pdmodel")")
        }
        if programs.count == 1 { return FormatDetection(.paddle, "The folder is a PaddlePaddle model.") }
        if names.contains("inference.json") {
            return FormatDetection(
                .paddle, "The folder is a PaddlePaddle 3 model, whose program is JSON, which no engine here reads.",
                advice: paddleAdvice)
        }
        guard names.contains("__model__") else { return nil }
        return FormatDetection(
            .paddle, "The folder is a PaddlePaddle 1 model.",
            advice: "Save it again: paddle.static.save_inference_model('inference', ...), or " + paddleAdvice)
    }

    /// A graph in XML with its weights beside it.
    private static func intermediate(_ names: Set<String>) -> FormatDetection? {
        let graphs = names.filter { $0.hasSuffix(".xml") && names.contains($0.dropLast(4) + ".bin") }
        guard let first = graphs.min() else { return nil }
        return FormatDetection(
            .openVINO, "The folder holds \(graphs.count == 1 ? "an OpenVINO model" : "OpenVINO models").",
            advice: "Import the graph's file: FOLDER/\(first); its weights are found beside it.")
    }

    /// What lies in a folder; a model's has few entries, so more than a thousand are not looked at.
    private static func names(in folder: String) -> Set<String> {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var names: Set<String> = []
        while names.count < 1_000, let entry = readdir(directory) {
            names.insert(
                withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                })
        }
        return names
    }
}
