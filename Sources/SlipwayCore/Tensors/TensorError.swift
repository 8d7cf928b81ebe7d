// SPDX-License-Identifier: Apache-2.0

/// A tensor whose shape and bytes contradict one another.
public struct TensorError: SlipwayError, Equatable {
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Wrapped: String { case invalidShape, sizeMismatch, truncatedBytes }
        private let wrapped: Wrapped
        public var description: String { wrapped.rawValue }
        public static let invalidShape = Code(wrapped: .invalidShape)
        public static let sizeMismatch = Code(wrapped: .sizeMismatch)
        public static let truncatedBytes = Code(wrapped: .truncatedBytes)
    }

    public let code: Code
    public let message: String
    public var category: ErrorCategory { .invalidInput }

    static func invalidShape(_ shape: Shape) -> TensorError {
        TensorError(
            code: .invalidShape,
            message: "shape \(shape) has a negative dimension or more elements than memory can address")
    }

    static func sizeMismatch(shape: Shape, expected: Int, got: Int) -> TensorError {
        TensorError(code: .sizeMismatch, message: "shape \(shape) needs \(expected) bytes, got \(got)")
    }

    static func truncatedBytes(element: Int) -> TensorError {
        TensorError(code: .truncatedBytes, message: "BYTES element \(element) ends after the data does")
    }
}
