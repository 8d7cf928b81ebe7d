// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats
import SlipwayTestKit
import Testing

@Suite("Format detector")
struct FormatDetectorTests {
    /// The beginning of a file of one format, as its own tool writes it.
    struct Sample: CustomTestStringConvertible {
        let name: String
        let format: ModelFormat
        let bytes: [UInt8]
        /// Whether it is imported as it is, by conversion or by an engine.
        let isSupported: Bool
        var testDescription: String { name }
    }

    /// Formats that are imported.
    private static let imported: Set<ModelFormat> = [
        .onnx, .gguf, .pickle, .joblib, .keras, .xgboost, .lightgbm, .catboost, .savedModel, .tflite, .paddle,
        .openVINO, .tensorFlowGraph,
    ]
    /// Variants of those that are not.
    private static let refused: Set<String> = ["LightGBM JSON", "CatBoost binary", "Paddle 3"]

    static func isImported(_ name: String, _ format: ModelFormat) -> Bool {
        imported.contains(format) && !refused.contains(name)
    }

    @Test("tells formats by their content", arguments: try samples())
    func formats(sample: Sample) {
        let detection = FormatDetector.detect(sample.bytes)
        #expect(detection.format == sample.format, "\(detection.message)")
        #expect(detection.isSupported == sample.isSupported, "\(detection.message)")
    }

    @Test("an unsupported format's error names it and says what to do")
    func refusal() throws {
        let archive = FormatDetector.detect(try zip(["archive/data.pkl", "archive/data/0", "archive/version"]))
        let error = try #require(throws: FormatError.self) { try archive.requireSupported() }
        #expect(error.code == .unsupported)
        #expect(error.message.contains("PyTorch"))
        #expect(error.message.contains("torch.onnx.export("))
        try FormatDetector.detect(TinyModel.add()).requireSupported()
    }

    @Test("tells GGUF files that are not read", arguments: [[1, 0, 0, 0], [0, 0, 0, 3], [0, 0, 0, 0]] as [[UInt8]])
    func otherGGUF(version: [UInt8]) {
        let detection = FormatDetector.detect(Array("GGUF".utf8) + version + zeros(16))
        #expect(detection.format == .gguf)
        #expect(!detection.isSupported)
    }

    @Test("tells ONNX also when the file was cut off, so that its reader can say so")
    func truncated() {
        let whole = TinyModel.add()
        #expect(FormatDetector.detect(Array(whole[..<(whole.count / 2)])).format == .onnx)
    }

    @Test("takes no random bytes for ONNX")
    func noise() {
        var mutator = Mutator(seeds: [], seed: 11)
        for _ in 0..<2000 { #expect(FormatDetector.detect(mutator.next()).format != .onnx) }
    }

    @Test("names the framework that a pickle mentions")
    func frameworks() {
        let head: [UInt8] = [0x80, 4, 0x95, 0x20, 0, 0, 0, 0, 0, 0, 0, 0x8C, 0x17]
        let detection = FormatDetector.detect(head + Array("sklearn.linear_model".utf8) + [0x2E])
        #expect(detection.summary.contains("scikit-learn"))
    }

    @Test("tells folders by what they hold, and says when there is nothing at a path")
    func folders() throws {
        let savedModel = try TemporaryFolder()
        try savedModel.write("saved_model.pb", [8, 1])
        #expect(try FormatDetector.detect(path: savedModel.path).format == .savedModel)
        let paddle = try TemporaryFolder()
        try paddle.write("inference.pdmodel", [])
        #expect(try FormatDetector.detect(path: paddle.path).format == .paddle)
        let later = try TemporaryFolder()
        try later.write("inference.json", [])
        #expect(try !FormatDetector.detect(path: later.path).isSupported)
        let several = try TemporaryFolder()
        for name in ["det.pdmodel", "rec.pdmodel"] { try several.write(name, []) }
        #expect(try FormatDetector.detect(path: several.path).message.contains("FOLDER/det.pdmodel"))
        let other = try TemporaryFolder()
        try other.write("model.bin", TinyModel.add())
        #expect(try FormatDetector.detect(path: other.path).format == .unknown)
        #expect(try FormatDetector.detect(path: other.path + "/model.bin").format == .onnx)
        let error = try #require(throws: FormatError.self) { try FormatDetector.detect(path: other.path + "/no") }
        #expect(error.code == .missingFile)
    }
}

private func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }
private func length(_ count: Int) -> [UInt8] { [UInt8(count), 0, 0, 0, 0, 0, 0, 0] }

private func zip(_ names: [String]) throws -> [UInt8] {
    var writer = ZipWriter()
    for name in names { try writer.add(name, [1]) }
    return writer.finish()
}

private func protobuf(_ build: (inout ProtobufWriter) -> Void) -> [UInt8] {
    var writer = ProtobufWriter()
    build(&writer)
    return writer.bytes
}

private func samples() throws -> [FormatDetectorTests.Sample] {
    let pickled = [0x80, 4, 0x95, 0x30, 0, 0, 0, 0, 0, 0, 0, 0x8C, 0x14] + Array("joblib.numpy_pickle.".utf8) + [0x2E]
    let safetensors = Array(#"{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#.utf8)
    let files: [(String, ModelFormat, [UInt8])] = [
        ("ONNX", .onnx, TinyModel.zipMap()),
        ("ONNX with external data", .onnx, TinyModel.externalData(location: "w")),
        ("ORT", .ort, [0x20, 0, 0, 0] + Array("ORTM".utf8) + zeros(8)),
        ("GGUF", .gguf, Array("GGUF".utf8) + [3, 0, 0, 0]),
        ("TFLite", .tflite, [0x1C, 0, 0, 0] + Array("TFL3".utf8)),
        ("HDF5", .hdf5, [0x89] + Array("HDF\r\n\u{1A}\n".utf8)),
        ("HDF5 after a user block", .hdf5, zeros(512) + [0x89] + Array("HDF\r\n\u{1A}\n".utf8)),
        ("safetensors", .safetensors, length(safetensors.count) + safetensors + zeros(4)),
        ("pickle 2", .pickle, [0x80, 2, 0x7D, 0x71, 0, 0x2E]),
        ("pickle 4", .pickle, [0x80, 4, 0x95, 1, 0, 0, 0, 0, 0, 0, 0, 0x4E, 0x2E]),
        ("pickle 0", .pickle, Array("ccopy_reg\n_reconstructor\np0\n.".utf8)),
        ("pickled dictionary in protocol 0", .pickle, Array("(dp0\nS'a'\n.".utf8)),
        ("joblib", .joblib, pickled),
        ("joblib, zlib", .joblib, try Deflate.compress(pickled, framing: .zlib)),
        ("joblib, gzip", .joblib, try Deflate.compress(pickled, framing: .gzip)),
        ("Keras 3", .keras, try zip(["metadata.json", "config.json", "model.weights.h5"])),
        (
            "TorchScript", .torchscript,
            try zip(["m/data.pkl", "m/code/__torch__.py", "m/constants.pkl", "m/version"])
        ),
        ("PyTorch checkpoint", .pytorch, try zip(["archive/data.pkl", "archive/data/0", "archive/version"])),
        (
            "PyTorch checkpoint of old", .pytorch,
            [0x80, 2, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E]
        ),
        ("PyTorch program", .pt2, try zip(["package/archive_format", "package/models/model.json"])),
        ("npz", .npz, try zip(["x.npy", "y.npy"])),
        ("other zip", .unknown, try zip(["readme.md"])),
        ("text", .unknown, Array("Hello, world.".utf8)),
        ("nothing", .unknown, []),
        ("gzip of something else", .unknown, try Deflate.compress(Array("text".utf8), framing: .gzip)),
        ("npy", .unknown, try NumpyWriter.bytes(of: Tensor([1] as [Float], shape: [1]))),
    ]
    return (files + trees() + protobufs()).map { name, format, bytes in
        FormatDetectorTests.Sample(
            name: name, format: format, bytes: bytes, isSupported: FormatDetectorTests.isImported(name, format))
    }
}

private func trees() -> [(String, ModelFormat, [UInt8])] {
    let xgboostBinary = "learner{L gradient_booster version"
    let lightGBM = #"{"name":"tree","version":"v4","num_class":1,"num_tree_per_iteration":1,"tree_info":[]}"#
    let xgboost = #"{"learner":{"gradient_booster":{"model":{"tree_info":[0]}}},"version":[2,0,3]}"#
    return [
        ("XGBoost JSON", .xgboost, Array(xgboost.utf8)),
        ("XGBoost UBJSON", .xgboost, Array("{L".utf8) + zeros(7) + [7] + Array(xgboostBinary.utf8)),
        (
            "XGBoost binary", .xgboost,
            zeros(136) + length(16) + Array("reg:squarederror".utf8) + length(6) + Array("gbtree".utf8) + zeros(40)
        ),
        ("LightGBM", .lightgbm, Array("tree\nversion=v4\nnum_class=1\n".utf8)),
        ("LightGBM JSON", .lightgbm, Array(lightGBM.utf8)),
        ("CatBoost JSON", .catboost, Array(#"{"features_info":{"float_features":[]}}"#.utf8)),
        ("CatBoost binary", .catboost, Array("CBM1".utf8) + zeros(60)),
    ]
}

private func protobufs() -> [(String, ModelFormat, [UInt8])] {
    [
        (
            "SavedModel", .savedModel,
            protobuf {
                $0.varint(1, 1)
                $0.message(2) { graph in
                    graph.message(1) { $0.string(4, "serve") }
                    graph.message(2) { $0.message(1) { $0.string(1, "node") } }
                }
            }
        ),
        (
            "Core ML", .coreML,
            protobuf {
                $0.varint(1, 7)
                $0.message(2) { $0.message(1) { $0.string(1, "x") } }
                $0.message(500) { $0.message(1) { $0.string(1, "layer") } }
            }
        ),
        ("OpenVINO IR", .openVINO, Array(#"<?xml version="1.0"?><net name="m" version="11"><layers>"#.utf8)),
        ("Paddle 3", .paddle, Array(#"{"base_code":{"magic":"pir","trainable":false,"version":1}}"#.utf8)),
        (
            "TensorFlow graph", .tensorFlowGraph,
            protobuf {
                $0.message(1) { node in
                    node.string(1, "x")
                    node.string(2, "Placeholder")
                    node.message(5) {
                        $0.string(1, "dtype")
                        $0.message(2) { $0.varint(6, 1) }
                    }
                }
                $0.message(4) { $0.varint(1, 1882) }
            }
        ),
        (
            "Paddle", .paddle,
            protobuf {
                $0.message(1) { block in
                    block.varint(1, 0)
                    block.varint(2, 0)
                    block.message(3) { $0.string(1, "w") }
                    block.message(4) { $0.string(3, "mul") }
                }
                $0.message(4) { $0.varint(1, 0) }
            }
        ),
    ]
}
