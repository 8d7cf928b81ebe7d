// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// The one table from what kind of failure it was to what a caller sees.
package enum ErrorTable {
    /// Who asks: clients of inference protocols expect the statuses they know from Triton, those of TensorFlow
    /// Serving its own, the admin API tells conflicts apart.
    package enum Surface: Sendable, Hashable, CaseIterable {
        case inference
        case tensorFlowServing
        case torchServe
        /// The routes of OpenAI's protocol, and those that llama-server has beside them.
        case openAI
        case admin
    }

    /// The HTTP status for a failure.
    ///
    /// Triton knows eight kinds of failure and answers 400, 404, 500, 501 or 503; kinds it does not
    /// have take the status HTTP gives them. TensorFlow Serving answers 409 for what exists already and 429 for
    /// all resources that are used up.
    package static func httpStatus(for category: ErrorCategory, on surface: Surface) -> Int {
        switch category {
        case .invalidInput: 400
        case .notFound: 404
        case .conflict: surface == .inference ? 400 : 409
        case .unauthenticated: 401
        case .forbidden: 403
        case .tooLarge: 413
        case .quotaExceeded: 429
        case .unavailable: 503
        case .deadlineExceeded: 504
        case .cancelled: 499
        case .unsupported: 501
        case .outOfResources: outOfResources(on: surface)
        case .corrupt, .internal: 500
        }
    }

    /// OpenAI's clients try again what they know to pass.
    private static func outOfResources(on surface: Surface) -> Int {
        switch surface {
        case .tensorFlowServing: 429
        case .openAI: 503
        case .inference, .torchServe, .admin: 507
        }
    }

    /// What kind of failure an error is; errors from outside the house are faults of the server.
    package static func category(of error: any Error) -> ErrorCategory {
        (error as? any SlipwayError)?.category ?? .internal
    }

    /// The status and the body, `{"error":"..."}` but for TorchServe and OpenAI, that answer an error.
    ///
    /// The text of errors from outside the house is kept from callers: it may name paths.
    package static func reply(to error: any Error, on surface: Surface) -> (status: Int, body: [UInt8]) {
        if surface == .openAI {
            let failure = OpenAIFailure(error)
            return (failure.status, failure.body)
        }
        let status = httpStatus(for: category(of: error), on: surface)
        let message = (error as? any SlipwayError)?.description ?? "internal error: see the server's log"
        guard surface == .torchServe else { return (status, body(message: message)) }
        let type = TorchServeReplies.errorType(category(of: error))
        return (status, TorchServeReplies.error(status, type: type, message: message))
    }

    /// `{"error":"..."}`
    package static func body(message: String) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { $0.member("error", message) }
        return writer.bytes
    }
}
