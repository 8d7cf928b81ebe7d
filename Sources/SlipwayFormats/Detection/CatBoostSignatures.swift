// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// CatBoost's two formats: its own binary one and JSON.
enum CatBoostSignatures {
    static func detect(_ probe: DetectionProbe) -> FormatDetection? {
        if probe.head.has("CBM1") {
            return FormatDetection(
                .catboost, "The file is a CatBoost model in its binary format (CBM).",
                advice: "Load it in CatBoost and save it as JSON: catboost.CatBoost().load_model(\"model.cbm\")"
                    + ".save_model(\"model.json\", format=\"json\")")
        }
        let isJSON = probe.head.first { !" \t\r\n".utf8.contains($0) } == UInt8(ascii: "{")
        guard isJSON, probe.head.contains(text: "\"features_info\""), probe.head.contains(text: "\"float_features\"")
        else { return nil }
        return FormatDetection(.catboost, "The file is a CatBoost model as JSON.")
    }
}
