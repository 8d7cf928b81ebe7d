// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// Formats that a few fixed bytes tell.
enum MagicSignatures {
    static func detect(_ probe: DetectionProbe) -> FormatDetection? {
        let head = probe.head
        if head.has("GGUF"), let version: UInt32 = head.littleEndian(at: 4) {
            return gguf(version)
        }
        if head.has("ORTM", at: 4) {
            return FormatDetection(
                .ort, "The file is a model in ONNX Runtime's own format.",
                advice: "Import the ONNX file it was made from.")
        }
        if head.has("TFL3", at: 4) {
            return FormatDetection(.tflite, "The file is a TensorFlow Lite model.")
        }
        if head.has(NumpyHeader.magic) {
            return FormatDetection(
                .unknown, "The file is a NumPy array, which is data and not a model.",
                advice: "Send it as input to an endpoint instead.")
        }
        return hdf5(probe)
    }

    private static func gguf(_ version: UInt32) -> FormatDetection {
        guard (1...0xFFFF).contains(version) else {
            return FormatDetection(
                .gguf, "The file is a big-endian GGUF model, version \(version.byteSwapped).",
                advice: "Download or make the little-endian file; gguf-convert-endian of llama.cpp converts it.")
        }
        return FormatDetection(
            .gguf, "The file is a GGUF model, version \(version), as llama.cpp runs it.",
            advice: version == 1 ? "Convert the model again: versions 2 and 3 are read." : nil)
    }

    /// HDF5 has its signature at 0, or at 512 and its doublings after a user block.
    private static func hdf5(_ probe: DetectionProbe) -> FormatDetection? {
        let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]
        let starts = [0, 512, 1024, 2048, 4096, 8192, 16384, 32768]
        guard starts.contains(where: { probe.head.has(signature, at: $0) }) else { return nil }
        // Names that Keras gives to attributes and groups; weights alone are told apart when they are read.
        let isKeras = ["keras_version", "model_config", "layer_names", "vars"].contains { probe.mentions($0) }
        return FormatDetection(
            .hdf5,
            isKeras ? "The file is a Keras model in HDF5." : "The file is HDF5, but not as Keras saves models.",
            advice: isKeras ? nil : "Save the whole model in Keras with model.save().")
    }
}
