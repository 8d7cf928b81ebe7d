// SPDX-License-Identifier: Apache-2.0

public import SlipwayCore

/// A file that cannot be read, and why.
public struct FormatError: SlipwayError {
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Wrapped: String {
            case truncated, malformed, unsupported, limitExceeded, unsafePath, missingFile, unreadable
        }
        private let wrapped: Wrapped
        public var description: String { wrapped.rawValue }
        /// The data end before what they announce does.
        public static let truncated = Code(wrapped: .truncated)
        /// The data contradict their format.
        public static let malformed = Code(wrapped: .malformed)
        /// Sound, but beyond what can be carried or decoded here.
        public static let unsupported = Code(wrapped: .unsupported)
        /// Larger, deeper or more numerous than the limit set for it.
        public static let limitExceeded = Code(wrapped: .limitExceeded)
        /// A path inside a file that leads out of the file's own folder.
        public static let unsafePath = Code(wrapped: .unsafePath)
        /// A file is not there, or another file needs it and it is not there.
        public static let missingFile = Code(wrapped: .missingFile)
        /// The operating system refused to open or read the file.
        public static let unreadable = Code(wrapped: .unreadable)
    }

    public let code: Code
    public let message: String
    public let cause: (any Error)?
    public let location: String?

    public init(_ code: Code, _ message: String, at location: String? = nil, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.location = location
        self.cause = cause
    }

    public var category: ErrorCategory {
        switch code {
        case .unsupported: .unsupported
        case .limitExceeded: .tooLarge
        case .unreadable: .internal
        default: .invalidInput
        }
    }
}

extension FormatError {
    /// The same error with the place where it happened, unless it already names one.
    func located(_ place: String) -> FormatError {
        FormatError(code, message, at: location ?? place, cause: cause)
    }

    static func truncated(_ what: String, needed: Int, available: Int, offset: Int) -> FormatError {
        FormatError(
            .truncated, "\(what) needs \(needed) bytes, but only \(available) are left; the file is incomplete",
            at: "offset \(offset)")
    }
}
