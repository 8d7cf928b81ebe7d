// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// Formats that are zip files; the names inside tell which.
enum ZipSignatures {
    static func detect(_ probe: DetectionProbe) -> FormatDetection? {
        guard probe.head.has([0x50, 0x4B, 3, 4]) || probe.head.has([0x50, 0x4B, 5, 6]) else { return nil }
        // Names are enough here; what may be unpacked is the business of who unpacks it.
        var limits = ZipLimits(totalByteCount: .max)
        limits.ratio = .max
        guard let reader = try? ZipReader(probe.source, limits: limits) else {
            return FormatDetection(
                .unknown, "The file is a damaged or incomplete zip file.", advice: "Copy or export the model again.")
        }
        let names = reader.entries.map(\.name)
        let files = Set(names.map { String($0.split(separator: "/").last ?? "") })
        if names.contains("config.json"), names.contains("metadata.json"), names.contains("model.weights.h5") {
            return FormatDetection(
                .keras, "The file is a Keras 3 model.",
                advice: "Load it in Keras and export it: model.export('model.onnx', format='onnx')")
        }
        if let torch = torch(names, files) { return torch }
        if !names.isEmpty, names.allSatisfy({ $0.hasSuffix(".npy") }) {
            return FormatDetection(
                .npz, "The file is a NumPy archive, which is data and not a model.",
                advice: "Send it as input: slipway predict ENDPOINT --data FILE")
        }
        if files.contains("saved_model.pb") {
            return FormatDetection(
                .savedModel, "The file is a zipped TensorFlow SavedModel.",
                advice: FolderSignatures.savedModelAdvice)
        }
        if files.contains("Manifest.json"), names.contains(where: { $0.contains(".mlpackage/") }) {
            return FormatDetection(
                .coreML, "The file is a zipped Core ML package.", advice: ProtobufSignatures.coreMLAdvice)
        }
        return FormatDetection(
            .unknown, "The file is a zip file without a model that Slipway knows.",
            advice: "Unpack it and import the model file inside.")
    }

    private static func torch(_ names: [String], _ files: Set<String>) -> FormatDetection? {
        let advice = "Load it in PyTorch and export it: torch.onnx.export(model, example, 'model.onnx', dynamo=True)"
        if files.contains("constants.pkl"), names.contains(where: { $0.contains("/code/") }) {
            return FormatDetection(.torchscript, "The file is a TorchScript model.", advice: advice)
        }
        if files.contains("archive_format"), names.contains(where: { $0.contains("models/") }) {
            return FormatDetection(.torchscript, "The file is an exported PyTorch program.", advice: advice)
        }
        if files.contains("data.pkl"), files.contains("version") {
            return FormatDetection(
                .torchscript, "The file is a PyTorch checkpoint: weights, without the code of the model.",
                advice: advice)
        }
        return nil
    }
}
