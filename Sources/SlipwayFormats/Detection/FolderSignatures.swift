// SPDX-License-Identifier: Apache-2.0

import Glibc
import SlipwayCore

/// Models that are folders.
enum FolderSignatures {
    static let savedModelAdvice = "Convert it: python -m tf2onnx.convert --saved-model FOLDER --output model.onnx"
    static let paddleAdvice = "Convert it: paddle2onnx --model_dir FOLDER --save_file model.onnx"

    static func detect(_ path: String) -> FormatDetection {
        let has = { (name: String) in access(path + "/" + name, F_OK) == 0 }
        if has("saved_model.pb") || has("saved_model.pbtxt") {
            return FormatDetection(.savedModel, "The folder is a TensorFlow SavedModel.", advice: savedModelAdvice)
        }
        if has("Manifest.json"), has("Data") {
            return FormatDetection(
                .coreML, "The folder is a Core ML package.", advice: ProtobufSignatures.coreMLAdvice)
        }
        if has("inference.pdmodel") || has("inference.json") || has("__model__") {
            return FormatDetection(.paddle, "The folder is a PaddlePaddle model.", advice: paddleAdvice)
        }
        if has("model.safetensors") || has("model.safetensors.index.json") {
            return FormatDetection(
                .safetensors, "The folder holds a model's weights in safetensors.",
                advice: "Export it: optimum-cli export onnx --model FOLDER OUTPUT")
        }
        return FormatDetection(
            .unknown, "The folder holds no model that Slipway knows.",
            advice: "Import the model file inside it; external data are found beside the file.")
    }
}
