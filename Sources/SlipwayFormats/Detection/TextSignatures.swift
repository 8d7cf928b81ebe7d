// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// Formats written as text or JSON.
enum TextSignatures {
    static func detect(_ probe: DetectionProbe) -> FormatDetection? {
        let head = probe.head
        if head.has("tree\nversion=") || head.has("tree\r\nversion=") {
            return FormatDetection(.lightgbm, "The file is a LightGBM model as text.")
        }
        let start = head.firstIndex { !" \t\r\n".utf8.contains($0) } ?? 0
        if head.has("<?xml", at: start) || head.has("<net", at: start), head.contains(text: "<net ") {
            return FormatDetection(
                .openVINO, "The file is an OpenVINO model; its weights lie in a file beside it that ends in .bin.")
        }
        guard head.has("{", at: start) else { return nil }
        if head.contains(text: "\"num_tree_per_iteration\""), head.contains(text: "\"num_class\"") {
            return FormatDetection(
                .lightgbm, "The file is a LightGBM model dumped as JSON.",
                advice: "Save the model with save_model instead and import that file.")
        }
        if head.contains(text: "\"base_code\""), head.contains(text: "\"pir\"") {
            return FormatDetection(
                .paddle, "The file is a program of PaddlePaddle 3, as JSON, which no engine here reads.",
                advice: FolderSignatures.paddleAdvice)
        }
        return nil
    }
}
