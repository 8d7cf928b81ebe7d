// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// XGBoost's three formats: JSON, Universal Binary JSON, and the binary one from before version 2.
enum XGBoostSignatures {
    static func detect(_ probe: DetectionProbe) -> FormatDetection? {
        let head = probe.head
        if head.first == UInt8(ascii: "{") {
            let names = probe.mentions("learner") && probe.mentions("version")
            guard names, head.contains(text: "learner_model_param") || head.contains(text: "gradient_booster") else {
                return nil
            }
            // After the brace, JSON has a quote or a space, the binary form the type of a length.
            let isBinary = head.count > 1 && "iUIlL".utf8.contains(head[1])
            return FormatDetection(.xgboost, "The file is an XGBoost model in \(isBinary ? "UBJSON" : "JSON").")
        }
        guard head.has("binf") || hasObjective(head) else { return nil }
        return FormatDetection(.xgboost, "The file is an XGBoost model in its former binary format.")
    }

    /// The names of the objective and the booster, each after its length in eight bytes, follow a fixed block.
    private static func hasObjective(_ head: [UInt8]) -> Bool {
        let objectives = ["reg:", "binary:", "multi:", "rank:", "count:", "survival:"]
        let start = Array(head.prefix(512))
        for offset in stride(from: 0, to: max(0, start.count - 16), by: 4) {
            guard let length: UInt64 = start.littleEndian(at: offset), (4...64).contains(length),
                objectives.contains(where: { start.has($0, at: offset + 8) })
            else { continue }
            let next = offset + 8 + Int(length)
            if let width: UInt64 = start.littleEndian(at: next), (4...16).contains(width),
                ["gbtree", "gblinear", "dart"].contains(where: { start.has($0, at: next + 8) })
            {
                return true
            }
        }
        return false
    }
}
