// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// Formats that are zip files; the names inside tell which.
enum ZipSignatures {
    static func detect(_ probe: DetectionProbe) -> FormatDetection? {
        if let legacy = detectLegacyTorch(probe) { return legacy }
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
            return FormatDetection(.keras, "The file is a Keras 3 model.")
        }
        if let torch = torch(probe, names, files) { return torch }
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

    private static func torch(_ probe: DetectionProbe, _ names: [String], _ files: Set<String>) -> FormatDetection? {
        let format: ModelFormat
        let summary: String
        if files.contains("constants.pkl"), names.contains(where: { $0.contains("/code/") }) {
            (format, summary) = (.torchscript, "The file is a TorchScript model.")
        } else if files.contains("archive_format") || files.contains("serialized_exported_program.json") {
            (format, summary) = (.pt2, "The file is an exported PyTorch program.")
        } else if files.contains("data.pkl"), files.contains("version") {
            (format, summary) = (
                .pytorch, "The file is a PyTorch checkpoint: weights, without the code of the model."
            )
        } else {
            return nil
        }
        // What can be read tells more: names of inputs, and what the first layer takes.
        if let archive = try? TorchArchive(probe.source) {
            return FormatDetection(format, archive.summary, advice: archive.advice)
        }
        return FormatDetection(
            format, summary,
            advice: "Load it in PyTorch and export it: torch.onnx.export(model, (example,), 'model.onnx', dynamo=True)")
    }

    /// The older format of torch.save, which is pickles and no zip file.
    private static func detectLegacyTorch(_ probe: DetectionProbe) -> FormatDetection? {
        guard TorchLegacy.isLegacy(probe.head) else { return nil }
        let archive = try? TorchArchive(probe.source)
        return FormatDetection(
            .pytorch, archive?.summary ?? "The file is a PyTorch checkpoint in the format from before version 1.6.",
            advice: archive?.advice
                ?? "Load it in PyTorch and export it: torch.onnx.export(model, (example,), 'model.onnx', dynamo=True)")
    }
}
