// SPDX-License-Identifier: Apache-2.0

import Glibc
import Logging
import SlipwayEngine
import SlipwayLlama
import SlipwayONNXRuntime
import SlipwayOpenVINO

/// Where engines are on this machine, and opening them: the only place that knows every adapter.
enum EngineCache {
    /// An engine and where it ought to be.
    struct Candidate {
        let name: String
        let libraryPath: String
        /// Opens it, with the threads of one call and what takes its log lines.
        let open:
            @Sendable (Int, @escaping @Sendable (EngineLogLine) -> Void) throws(EngineError) -> any InferenceEngine
    }

    /// The versions that set-up fetches or builds.
    static let onnxRuntimeVersion = "1.31.1"
    static let llamaVersion = "0.3.36"
    static let openVINOVersion = "2026.4.1"

    /// `$SLIPWAY_ENGINES`, default `~/.cache/slipway/engines`.
    static var folder: String {
        GlobalOptions.environment("SLIPWAY_ENGINES")
            ?? (GlobalOptions.environment("HOME") ?? ".") + "/.cache/slipway/engines"
    }

    /// `$SLIPWAY_ONNXRUNTIME` names a library to use instead, such as a build for an accelerator.
    static var onnxRuntime: Candidate {
        let path =
            GlobalOptions.environment("SLIPWAY_ONNXRUNTIME")
            ?? "\(folder)/onnxruntime-\(onnxRuntimeVersion)/libonnxruntime.so.1"
        return Candidate(name: "onnxruntime", libraryPath: path) { threads, log throws(EngineError) in
            try ONNXRuntimeEngine(libraryPath: path, threads: threads, log: log)
        }
    }

    /// `$SLIPWAY_OPENVINO` names a library to use instead, such as one with a GPU's plug-in beside it.
    static var openVINO: Candidate {
        let path =
            GlobalOptions.environment("SLIPWAY_OPENVINO")
            ?? "\(folder)/openvino-\(openVINOVersion)/libopenvino_c.so"
        return Candidate(name: "openvino", libraryPath: path) { _, log throws(EngineError) in
            try OpenVINOEngine(libraryPath: path, log: log)
        }
    }

    /// `$SLIPWAY_LLAMA` names a library to use instead.
    static var llama: Candidate {
        let path =
            GlobalOptions.environment("SLIPWAY_LLAMA") ?? "\(folder)/llama-\(llamaVersion)/libslipway_llama.so"
        return Candidate(name: "llama", libraryPath: path) { _, log throws(EngineError) in
            // It logs a stopped decode as four mishaps; what really fails is told by an error.
            try LlamaEngine(libraryPath: path) { line in
                log(EngineLogLine(level: min(line.level, .info), engine: line.engine, message: line.message))
            }
        }
    }

    /// Every engine there could be, in the order in which they are tried.
    static var candidates: [Candidate] { [onnxRuntime, openVINO, llama] }

    /// Cores this process may use.
    static var cores: Int { CoreBudget.current().cores }

    /// Opens what is there; what is not, or cannot be used, is told and left out.
    static func discover(
        threads: Int = 1, log: Logger = Logger(label: "engine"), onFailure: (EngineError) -> Void = { _ in }
    ) -> [any InferenceEngine] {
        var engines: [any InferenceEngine] = []
        for candidate in candidates {
            do throws(EngineError) {
                engines.append(try open(candidate, threads: threads, log: log))
            } catch {
                onFailure(error)
            }
        }
        return engines
    }

    static func open(
        _ candidate: Candidate, threads: Int, log: Logger
    ) throws(EngineError) -> any InferenceEngine {
        try candidate.open(threads) { line in
            log.log(
                level: Logger.Level(line.level), "\(line.message)",
                metadata: ["engine": "\(line.engine)"].merging(line.source.map { ["source": "\($0)"] } ?? [:]) { $1 })
        }
    }
}

extension Logger.Level {
    /// Engines call information what people call detail.
    fileprivate init(_ level: EngineLogLine.Level) {
        self =
            switch level {
            case .trace: .trace
            case .info: .debug
            case .warning: .warning
            case .error: .error
            case .critical: .critical
            }
    }
}
