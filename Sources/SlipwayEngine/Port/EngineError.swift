// SPDX-License-Identifier: Apache-2.0

public import SlipwayCore

/// A failure of an engine, or of the search for one.
public struct EngineError: SlipwayError {
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Wrapped: String {
            case libraryMissing, libraryUnusable, unsupportedDevice, unsupportedModel, invalidModel, outOfMemory
            case loadFailed, inputMismatch, executionFailed, cancelled
        }
        private let wrapped: Wrapped
        public var description: String { wrapped.rawValue }
        /// The engine's library is not on this machine.
        public static let libraryMissing = Code(wrapped: .libraryMissing)
        /// The library is there but cannot be opened: wrong architecture, too old, damaged.
        public static let libraryUnusable = Code(wrapped: .libraryUnusable)
        public static let unsupportedDevice = Code(wrapped: .unsupportedDevice)
        /// The engine does not know an operator, a type or a format version in the file.
        public static let unsupportedModel = Code(wrapped: .unsupportedModel)
        /// The file is damaged or incomplete.
        public static let invalidModel = Code(wrapped: .invalidModel)
        public static let outOfMemory = Code(wrapped: .outOfMemory)
        public static let loadFailed = Code(wrapped: .loadFailed)
        public static let inputMismatch = Code(wrapped: .inputMismatch)
        public static let executionFailed = Code(wrapped: .executionFailed)
        public static let cancelled = Code(wrapped: .cancelled)
    }

    public let code: Code
    public let message: String
    public let cause: (any Error)?
    public let location: String?

    public init(code: Code, message: String, cause: (any Error)? = nil, location: String? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
        self.location = location
    }

    public var category: ErrorCategory {
        switch code {
        case .libraryMissing, .libraryUnusable: .unavailable
        case .unsupportedDevice, .unsupportedModel: .unsupported
        case .invalidModel, .inputMismatch: .invalidInput
        case .outOfMemory: .outOfResources
        case .cancelled: .cancelled
        default: .internal
        }
    }
}
