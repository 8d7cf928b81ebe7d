// SPDX-License-Identifier: Apache-2.0

import CSlipwayLlama
import SlipwayEngine

/// What the library says went wrong.
struct LlamaFailure {
    /// What was being done, which decides how a failure without a kind of its own counts.
    enum Stage: Sendable {
        case load, session, prepare, run
    }

    let code: Int32
    let message: String

    init(_ error: SlwError) {
        code = error.code
        message = withUnsafeBytes(of: error.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    func error(at stage: Stage) -> EngineError {
        switch Int(code) {
        case SLW_ERROR_INVALID_MODEL:
            EngineError(
                code: .invalidModel, message: "the model file is damaged, incomplete or no sound model: \(message)")
        case SLW_ERROR_UNSUPPORTED_MODEL:
            EngineError(code: .unsupportedModel, message: message)
        case SLW_ERROR_OUT_OF_MEMORY:
            EngineError(
                code: .outOfMemory,
                message: "\(message). A smaller context, fewer sequences or a smaller model needs less memory")
        case SLW_ERROR_INVALID_INPUT:
            EngineError(code: .inputMismatch, message: message)
        case SLW_ERROR_TOO_COSTLY:
            EngineError(
                code: .inputMismatch, message: "the template, schema or grammar was stopped: \(message)")
        default:
            EngineError(code: stage == .load || stage == .session ? .loadFailed : .executionFailed, message: message)
        }
    }
}
