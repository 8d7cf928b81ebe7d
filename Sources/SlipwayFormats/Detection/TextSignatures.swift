// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// Formats written as text or JSON.
enum TextSignatures {
    private static let lightGBMAdvice = "Convert it: onnxmltools.convert_lightgbm(model, initial_types)"

    static func detect(_ probe: DetectionProbe) -> FormatDetection? {
        let head = probe.head
        if head.has("tree\nversion=") || head.has("tree\r\nversion=") {
            return FormatDetection(.lightgbm, "The file is a LightGBM model as text.", advice: lightGBMAdvice)
        }
        let start = head.firstIndex { !" \t\r\n".utf8.contains($0) } ?? 0
        if head.has("<?xml", at: start) || head.has("<net", at: start), head.contains(text: "<net ") {
            return FormatDetection(
                .unknown, "The file is an OpenVINO model.", advice: "Import the ONNX file it was made from.")
        }
        guard head.has("{", at: start) else { return nil }
        if head.contains(text: "\"num_tree_per_iteration\""), head.contains(text: "\"num_class\"") {
            return FormatDetection(
                .lightgbm, "The file is a LightGBM model dumped as JSON.",
                advice: "Save the model with save_model instead and convert that to ONNX with onnxmltools.")
        }
        if head.contains(text: "\"base_code\""), head.contains(text: "\"pir\"") {
            return FormatDetection(
                .paddle, "The file is a PaddlePaddle program as JSON.", advice: FolderSignatures.paddleAdvice)
        }
        return nil
    }
}
