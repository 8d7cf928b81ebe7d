// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// A failure of the data plane.
package struct ServingError: SlipwayError {
    package struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Wrapped: String {
            case unknownEndpoint, unknownVersion, notReady, draining, overloaded, deadlineExceeded, cancelled
            case noEngine, loadFailed, quotaExceeded, hung, outOfMemory, wrongAnswer, wrongKind
        }
        private let wrapped: Wrapped
        package var description: String { wrapped.rawValue }
        package static let unknownEndpoint = Code(wrapped: .unknownEndpoint)
        package static let unknownVersion = Code(wrapped: .unknownVersion)
        package static let notReady = Code(wrapped: .notReady)
        package static let draining = Code(wrapped: .draining)
        package static let overloaded = Code(wrapped: .overloaded)
        package static let deadlineExceeded = Code(wrapped: .deadlineExceeded)
        package static let cancelled = Code(wrapped: .cancelled)
        package static let noEngine = Code(wrapped: .noEngine)
        package static let loadFailed = Code(wrapped: .loadFailed)
        package static let quotaExceeded = Code(wrapped: .quotaExceeded)
        /// An engine call did not return.
        package static let hung = Code(wrapped: .hung)
        /// A version was not loaded because its memory would not fit.
        package static let outOfMemory = Code(wrapped: .outOfMemory)
        /// An engine's answer contradicts its signature.
        package static let wrongAnswer = Code(wrapped: .wrongAnswer)
        /// A question of another kind than the model answers: tensors to a language model's routes, or the like.
        package static let wrongKind = Code(wrapped: .wrongKind)
    }

    package let code: Code
    package let message: String
    package var cause: (any Error)?
    /// When it may work, where that is known.
    package var retryAfter: Duration?

    package init(code: Code, message: String, cause: (any Error)? = nil, retryAfter: Duration? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
        self.retryAfter = retryAfter
    }

    /// ``retryAfter`` as HTTP's header of that name has it: whole seconds, rounded up.
    package var retryAfterSeconds: Int? {
        guard let parts = retryAfter?.components else { return nil }
        return Int(clamping: parts.seconds) + (parts.attoseconds > 0 && parts.seconds < Int64.max ? 1 : 0)
    }

    package var category: ErrorCategory {
        switch code {
        case .unknownEndpoint, .unknownVersion: .notFound
        case .notReady, .draining, .overloaded: .unavailable
        case .deadlineExceeded: .deadlineExceeded
        case .cancelled: .cancelled
        case .noEngine, .wrongKind: .unsupported
        case .quotaExceeded: .quotaExceeded
        case .outOfMemory: .outOfResources
        default: .internal
        }
    }

    static func unknownEndpoint(_ name: String) -> ServingError {
        ServingError(code: .unknownEndpoint, message: "unknown model: no endpoint '\(name)' is deployed here")
    }

    static func unknownVersion(_ version: Int, endpoint: String) -> ServingError {
        ServingError(
            code: .unknownVersion, message: "endpoint '\(endpoint)' has no version \(version) loaded")
    }

    static func notReady(_ endpoint: String, why: String) -> ServingError {
        ServingError(code: .notReady, message: "endpoint '\(endpoint)' is not ready: \(why)")
    }

    static let draining = ServingError(code: .draining, message: "the server is shutting down")

    static let deadlineExceeded = ServingError(
        code: .deadlineExceeded, message: "the deadline passed before the answer was ready")

    static let cancelled = ServingError(code: .cancelled, message: "the request was cancelled by the caller")

    /// An engine call that did not come back.
    package static func hung(_ version: VersionID, after time: Duration) -> ServingError {
        ServingError(
            code: .hung,
            message: "version \(version) did not answer within \(text(time)) and the call was given up; its lane was "
                + "replaced, so other requests go on; check the model, or raise the endpoint's call limit")
    }

    /// A load that was refused before it began.
    ///
    /// - Parameters:
    ///   - needed: Bytes, as estimated.
    ///   - free: Bytes that are free or can be freed.
    ///   - budget: Bytes for all models; `nil` when the machine's own memory is what is short.
    package static func outOfMemory(_ version: VersionID, needed: Int, free: Int, budget: Int?) -> ServingError {
        let whole = budget.map { "the \(size($0)) set aside for models" } ?? "this machine's memory"
        return ServingError(
            code: .outOfMemory,
            message: "version \(version) needs about \(size(needed)), and of \(whole) at most \(size(free)) can be "
                + "freed; undeploy or unpin another model, or give models more memory")
    }

    /// An answer of other shapes or types than the version's signature promises.
    package static func wrongAnswer(_ version: VersionID, output: String, expected: String, got: String) -> ServingError
    {
        ServingError(
            code: .wrongAnswer,
            message: "the engine's answer contradicts the signature of version \(version): output '\(output)' is to be "
                + "\(expected), got \(got); import the model again, or roll back to a version that keeps its word")
    }

    /// `12 ms`, `2.5 s`: rounded up, so that nobody who waits so long comes too early.
    static func text(_ time: Duration) -> String {
        let milliseconds = (max(.zero, time) / .milliseconds(1)).rounded(.up)
        guard milliseconds >= 1000 else { return "\(Int(milliseconds)) ms" }
        return "\((milliseconds / 100).rounded(.up) / 10) s"
    }

    /// `12.5 MiB`.
    private static func size(_ bytes: Int) -> String {
        let mebibytes = Double(max(0, bytes)) / 1_048_576
        return "\((mebibytes * 10).rounded() / 10) MiB"
    }
}
