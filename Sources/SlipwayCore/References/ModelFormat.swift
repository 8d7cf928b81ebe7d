// SPDX-License-Identifier: Apache-2.0

/// The format of a model file, as its content tells.
public enum ModelFormat: String, Sendable, Hashable, Codable, CaseIterable {
    case onnx, ort, gguf, safetensors, pickle, joblib, torchscript, hdf5, keras, tflite, paddle, xgboost, lightgbm,
        catboost, pytorch, pt2
    case savedModel = "saved-model"
    case tensorFlowGraph = "tensorflow-graph"
    case openVINO = "openvino-ir"
    case coreML = "coreml"
    case npz
    case unknown

    /// The name people know it by.
    public var displayName: String {
        switch self {
        case .onnx: "ONNX"
        case .ort: "ONNX Runtime format"
        case .gguf: "GGUF"
        case .safetensors: "safetensors"
        case .pickle: "Python pickle"
        case .joblib: "joblib"
        case .torchscript: "TorchScript"
        case .hdf5: "Keras HDF5"
        case .keras: "Keras v3"
        case .tflite: "TensorFlow Lite"
        case .paddle: "PaddlePaddle"
        case .xgboost: "XGBoost"
        case .lightgbm: "LightGBM"
        case .catboost: "CatBoost"
        case .pytorch: "PyTorch state dict"
        case .pt2: "PyTorch export archive"
        case .tensorFlowGraph: "TensorFlow frozen graph"
        case .openVINO: "OpenVINO IR"
        case .savedModel: "TensorFlow SavedModel"
        case .coreML: "Core ML"
        case .npz: "NumPy archive"
        case .unknown: "unknown format"
        }
    }
}
