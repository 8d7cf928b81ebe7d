// SPDX-License-Identifier: Apache-2.0

public import SlipwayCore

/// A library that loads model bundles and runs them.
///
/// The composition root opens each engine once. Engines differ in what they accept: each states
/// its ``capabilities`` and refuses cleanly, so that the next one can be tried and the reason told.
public protocol InferenceEngine: Sendable {
    /// As it is written in commands and records: `onnxruntime`.
    var name: String { get }
    /// The library's own version: `1.31.1`.
    var version: String { get }
    var capabilities: EngineCapabilities { get }

    /// Loads a bundle; blocks for as long as that takes. Called on a loader thread.
    ///
    /// After success the caller owns the model; its memory is given back when the last reference goes.
    /// After failure nothing is left behind.
    ///
    /// - Throws: ``EngineError`` `unsupportedModel`, `invalidModel`, `outOfMemory` or `loadFailed`.
    func load(_ bundle: ModelBundle, options: LoadOptions) throws(EngineError) -> any TensorModel

    /// Loads a bundle of one of ``EngineCapabilities/languageFormats``; as ``load(_:options:)`` otherwise.
    func loadLanguageModel(_ bundle: ModelBundle, options: LoadOptions) throws(EngineError) -> any LanguageModel
}

extension InferenceEngine {
    public func load(_ bundle: ModelBundle, options: LoadOptions) throws(EngineError) -> any TensorModel {
        throw EngineError(
            code: .unsupportedModel, message: "engine '\(name)' runs no tensor models of \(bundle.format.displayName)")
    }

    public func loadLanguageModel(
        _ bundle: ModelBundle, options: LoadOptions
    ) throws(EngineError) -> any LanguageModel {
        throw EngineError(
            code: .unsupportedModel,
            message: "engine '\(name)' runs no language models of \(bundle.format.displayName)")
    }
}

/// What an engine accepts.
public struct EngineCapabilities: Sendable, Hashable {
    /// Every format it loads.
    public let formats: [ModelFormat]
    /// Those of them that are language models.
    public let languageFormats: [ModelFormat]
    /// Device names that ``LoadOptions/device`` may name: `cpu`, `cuda`.
    public let devices: [String]
    /// What ``LoadOptions/precision`` may be; `bf16` still needs a processor that has it.
    public let precisions: [InferencePrecision]

    public init(
        formats: [ModelFormat], languageFormats: [ModelFormat] = [], devices: [String],
        precisions: [InferencePrecision] = [.f32]
    ) {
        self.formats = formats
        self.languageFormats = languageFormats
        self.devices = devices
        self.precisions = precisions
    }
}

/// A version's files on this machine.
public struct ModelBundle: Sendable, Hashable {
    public let format: ModelFormat
    /// Absolute path of the file the engine opens; files it refers to lie beside it under their own relative paths.
    public let path: String
    /// What the file says of itself.
    public let signature: ModelSignature

    public init(format: ModelFormat, path: String, signature: ModelSignature) {
        self.format = format
        self.path = path
        self.signature = signature
    }
}

/// How to load.
public struct LoadOptions: Sendable, Hashable {
    public var device: String
    /// Threads the engine may use inside one call, the calling lane included; 1 or more.
    public var threadsPerCall: Int
    /// Calls that may run at the same time; 1 or more.
    public var lanes: Int
    /// What to compute with; one of ``EngineCapabilities/precisions``.
    public var precision: InferencePrecision
    /// A folder for what the engine makes of a model and can load quicker the next time; `nil` to keep nothing.
    public var cacheFolder: String?
    /// Writes the engine's own execution profile to files that start with this path.
    public var profilePathPrefix: String?

    public init(
        device: String = "cpu", threadsPerCall: Int = 1, lanes: Int = 1, precision: InferencePrecision = .f32,
        cacheFolder: String? = nil, profilePathPrefix: String? = nil
    ) {
        self.device = device
        self.threadsPerCall = threadsPerCall
        self.lanes = lanes
        self.precision = precision
        self.cacheFolder = cacheFolder
        self.profilePathPrefix = profilePathPrefix
    }
}
