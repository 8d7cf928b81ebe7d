// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// Python pickles, and what joblib and PyTorch make of them. They are looked at, never loaded.
enum PickleSignatures {
    static func detect(_ probe: DetectionProbe) -> FormatDetection? {
        guard isPickle(probe.head, tail: probe.tail) else { return nil }
        // torch.save before its zip format: a pickle of this number comes first.
        let torchMagic: [UInt8] = [0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]
        if probe.head.has(torchMagic, at: 2) {
            return FormatDetection(
                .pickle, "The file is a PyTorch checkpoint in the format before version 1.6.",
                advice: "Load it in PyTorch and export it: torch.onnx.export(model, example, 'model.onnx')")
        }
        return describe(probe.head, isCompressed: false)
    }

    /// - Parameter head: The beginning of the pickle, inflated.
    static func describe(_ head: [UInt8], isCompressed: Bool) -> FormatDetection {
        let isJoblib = isCompressed || head.contains(text: "joblib.numpy_pickle") || head.contains(text: "joblib")
        let frameworks: [(module: String, name: String, advice: String?)] = [
            ("xgboost", "XGBoost", nil), ("lightgbm", "LightGBM", nil), ("catboost", "CatBoost", nil),
            ("sklearn", "scikit-learn", nil),
            ("torch", "PyTorch", "Export it: torch.onnx.export(model, example, 'model.onnx')"),
            ("keras", "Keras", "Export it: model.export('model.onnx', format='onnx')"),
        ]
        let found = frameworks.first { head.contains(text: $0.module) }
        let kind = isJoblib ? "a pickle written by joblib" : "a Python pickle"
        let what = found.map { " that names \($0.name)" } ?? ""
        return FormatDetection(
            isJoblib ? .joblib : .pickle, "The file is \(kind)\(what), which is read as data and never loaded.",
            advice: found?.advice)
    }

    static func isPickle(_ head: [UInt8], tail: [UInt8]? = nil) -> Bool {
        guard let first = head.first else { return false }
        if first == 0x80, head.count > 2, (2...5).contains(head[1]) {
            return PickleOpcode.isKnown(head[2])
        }
        // Protocols 0 and 1 have no header: a global or a mark begins, the stop opcode ends.
        guard tail?.last == UInt8(ascii: ".") else { return false }
        if first == UInt8(ascii: "c") { return isGlobal(head[1...]) }
        if first == UInt8(ascii: "("), head.count > 3 {
            return head.has("(dp") || head.has("(lp") || head.has("(i") && isGlobal(head[2...])
        }
        return false
    }

    /// `module NEWLINE name NEWLINE`, both Python identifiers.
    private static func isGlobal(_ bytes: ArraySlice<UInt8>) -> Bool {
        let lines = bytes.prefix(512).split(
            separator: 0x0A, maxSplits: 2, omittingEmptySubsequences: false)
        guard lines.count == 3 else { return false }
        return lines.prefix(2).allSatisfy { line in
            !line.isEmpty
                && line.allSatisfy {
                    (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
                        || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ".")
                }
        }
    }
}
