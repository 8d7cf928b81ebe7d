// SPDX-License-Identifier: Apache-2.0

import Glibc
import Logging
import SlipwayEngine
import SlipwayONNXRuntime

/// Where engines are on this machine, and opening them: the only place that knows every adapter.
enum EngineCache {
    /// What a search for one engine found.
    struct Candidate {
        let name: String
        let libraryPath: String
    }

    /// The version that set-up fetches; others in the cache are used when they are newer.
    static let onnxRuntimeVersion = "1.31.1"

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
        return Candidate(name: "onnxruntime", libraryPath: path)
    }

    /// Cores this process may use.
    static var cores: Int { CoreBudget.current().cores }

    /// Opens what is there; what is not, or cannot be used, is told and left out.
    static func discover(
        threads: Int = 1, log: Logger = Logger(label: "engine"), onFailure: (EngineError) -> Void = { _ in }
    ) -> [any InferenceEngine] {
        do throws(EngineError) {
            return [try open(onnxRuntime, threads: threads, log: log)]
        } catch {
            onFailure(error)
            return []
        }
    }

    static func open(
        _ candidate: Candidate, threads: Int, log: Logger
    ) throws(EngineError) -> any InferenceEngine {
        try ONNXRuntimeEngine(libraryPath: candidate.libraryPath, threads: threads) { line in
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
