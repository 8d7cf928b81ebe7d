// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayEngine
import SlipwayWire

/// Loads a model once in the engine that is to run it.
///
/// Finds unknown operators and architectures, unsupported versions and damaged files before they are registered.
struct EngineTrial: Sendable {
    struct Outcome: Sendable {
        /// The engine that is to run the model.
        let engine: String
        /// Its library's version; `nil` where the engine is not here and nothing was tried.
        var version: String?
        /// `nil` for language models, and where nothing was tried.
        var model: (any TensorModel)?
        var refusals: [ImportReportDTO.Refusal] = []
    }

    /// The name that stands for every engine that claims a format.
    static let automatic = "auto"

    let engines: [any InferenceEngine]

    /// - Parameter wanted: An engine's name, `auto`, or `nil` for the one that usually runs the format.
    /// - Throws: The engine's own error where one was asked, ``ControlError`` with every refusal where several were.
    func run(_ inspected: InspectedModel, wanted: String?) async throws -> Outcome {
        let candidates = try candidates(inspected.format, wanted: wanted)
        guard !candidates.isEmpty else { return try untried(inspected) }
        var refusals: [ImportReportDTO.Refusal] = []
        for engine in candidates {
            do {
                let model = try await Self.load(inspected, in: engine)
                return Outcome(engine: engine.name, version: engine.version, model: model, refusals: refusals)
            } catch {
                guard candidates.count > 1, Self.isRefusal(error) else { throw error }
                refusals.append(.init(engine: engine.name, reason: "\(error)"))
            }
        }
        let reasons = refusals.map { "\($0.engine): \($0.reason)" }.joined(separator: "; ")
        throw ControlError(
            .unsupportedFormat,
            "none of the engines that read \(inspected.format.displayName) takes this model: \(reasons)")
    }

    /// Whether an error says something of the model, rather than of this machine at this moment.
    private static func isRefusal(_ error: any Error) -> Bool {
        guard let error = error as? EngineError else { return !(error is CancellationError) }
        return error.code != .outOfMemory && error.code != .cancelled
    }

    /// The engines to try, in their order.
    private func candidates(_ format: ModelFormat, wanted: String?) throws -> [any InferenceEngine] {
        let claiming = engines.filter { $0.capabilities.formats.contains(format) }
        switch wanted {
        case nil:
            let usual = Self.usualEngine(format)
            return (claiming.first { $0.name == usual } ?? claiming.first).map { [$0] } ?? []
        case Self.automatic:
            return claiming
        case .some(let name):
            if let engine = claiming.first(where: { $0.name == name }) { return [engine] }
            guard let other = engines.first(where: { $0.name == name }) else { throw Self.missing(name) }
            let known = other.capabilities.formats.map(\.displayName).joined(separator: ", ")
            throw ControlError(
                .invalidRequest, "engine '\(name)' reads no \(format.displayName) models, it reads [\(known)]")
        }
    }

    /// What is known without an engine, where that is enough to register the model.
    private func untried(_ inspected: InspectedModel) throws -> Outcome {
        let usual = Self.usualEngine(inspected.format)
        guard inspected.signature != nil else { throw Self.missing(usual) }
        return Outcome(engine: usual)
    }

    private static func missing(_ name: String) -> EngineError {
        EngineError(
            code: .libraryMissing,
            message: "engine '\(name)' is not available here: Scripts/bootstrap fetches it, slipway doctor tells what "
                + "is missing")
    }

    private static func load(
        _ inspected: InspectedModel, in engine: any InferenceEngine
    ) async throws -> (any TensorModel)? {
        let format = inspected.format
        let bundle = ModelBundle(
            format: format, path: inspected.parts[0].source,
            signature: inspected.signature ?? ModelSignature(inputs: [], outputs: []))
        if engine.capabilities.languageFormats.contains(format) {
            _ = try await LoaderThread.run { try engine.loadLanguageModel(bundle, options: LoadOptions()) }
            return nil
        }
        return try await LoaderThread.run { try engine.load(bundle, options: LoadOptions()) }
    }

    /// The engine that runs a format where nothing else is said.
    private static func usualEngine(_ format: ModelFormat) -> String {
        switch format {
        case .gguf: "llama"
        case _ where GraphFiles.formats.contains(format): "openvino"
        default: "onnxruntime"
        }
    }
}
