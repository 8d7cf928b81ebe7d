// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// Bytes that do not follow the wire protocol they claim to be.
package struct WireError: SlipwayError, Equatable {
    package struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Wrapped: String {
            case malformedJSON, tooDeep, invalidRequest, invalidTensor, notEncodable, unknownRegion, unsupported
            case incompleteResponse, malformedProtobuf, contextLengthExceeded
        }
        private let wrapped: Wrapped
        package var description: String { wrapped.rawValue }
        /// The bytes are not JSON.
        package static let malformedJSON = Code(wrapped: .malformedJSON)
        /// The bytes are not a protobuf message, or not one of these fields.
        package static let malformedProtobuf = Code(wrapped: .malformedProtobuf)
        /// The JSON is nested deeper than the scanner goes.
        package static let tooDeep = Code(wrapped: .tooDeep)
        /// The JSON is well-formed, but not what the protocol asks for.
        package static let invalidRequest = Code(wrapped: .invalidRequest)
        /// A tensor's shape, type and data contradict one another.
        package static let invalidTensor = Code(wrapped: .invalidTensor)
        /// The caller asked for a form that the output cannot take.
        package static let notEncodable = Code(wrapped: .notEncodable)
        /// A shared memory region that was never registered.
        package static let unknownRegion = Code(wrapped: .unknownRegion)
        /// A part of the protocol that this server does not speak.
        package static let unsupported = Code(wrapped: .unsupported)
        /// The answer lacks an output that was asked for.
        package static let incompleteResponse = Code(wrapped: .incompleteResponse)
        /// The prompt is longer than the model's context.
        package static let contextLengthExceeded = Code(wrapped: .contextLengthExceeded)
    }

    package let code: Code
    package let message: String
    package let location: String?
    /// Of `contextLengthExceeded`.
    package private(set) var excess: ContextExcess?

    package init(_ code: Code, _ message: String, at location: String? = nil) {
        self.code = code
        self.message = message
        self.location = location
    }

    /// - Parameters:
    ///   - promptTokens: Without those of the answer.
    ///   - isLeast: Whether there may be more: the prompt was not counted to its end.
    package static func contextLengthExceeded(
        promptTokens: Int, contextLength: Int, isLeast: Bool = false
    ) -> WireError {
        var error = WireError(
            .contextLengthExceeded,
            "the prompt has \(isLeast ? "at least " : "")\(promptTokens) tokens, but the context has room for "
                + "\(contextLength) with the answer's: shorten it, or serve the model with a larger context")
        error.excess = ContextExcess(promptTokens: promptTokens, contextLength: contextLength)
        return error
    }

    package var category: ErrorCategory {
        switch code {
        case .unknownRegion: .notFound
        case .unsupported: .unsupported
        case .incompleteResponse: .internal
        default: .invalidInput
        }
    }

    /// The same error, its place prefixed with `path`: `inputs[0].data, byte 71`.
    func within(_ path: String) -> WireError {
        guard let location else { return WireError(code, message, at: path) }
        let glue = location.hasPrefix("byte ") ? ", " : location.hasPrefix("[") ? "" : "."
        return WireError(code, message, at: path + glue + location)
    }
}

/// By how much a prompt is too long.
package struct ContextExcess: Sendable, Hashable {
    package var promptTokens: Int
    package var contextLength: Int

    package init(promptTokens: Int, contextLength: Int) {
        self.promptTokens = promptTokens
        self.contextLength = contextLength
    }
}
