// SPDX-License-Identifier: Apache-2.0

/// A request whose tensors do not fit the model's signature.
public struct SignatureError: SlipwayError, Equatable {
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Wrapped: String {
            case missingInput, unknownInput, unknownOutput, wrongType, wrongShape, symbolMismatch
        }
        private let wrapped: Wrapped
        public var description: String { wrapped.rawValue }
        public static let missingInput = Code(wrapped: .missingInput)
        public static let unknownInput = Code(wrapped: .unknownInput)
        public static let unknownOutput = Code(wrapped: .unknownOutput)
        public static let wrongType = Code(wrapped: .wrongType)
        public static let wrongShape = Code(wrapped: .wrongShape)
        public static let symbolMismatch = Code(wrapped: .symbolMismatch)
    }

    public let code: Code
    public let message: String
    public let location: String?
    public var category: ErrorCategory { .invalidInput }

    /// The message alone names the tensor already.
    public var description: String { message }

    static func missingInput(_ spec: TensorSpec, given: [String]) -> SignatureError {
        SignatureError(
            code: .missingInput,
            message: "expected input '\(spec.name)' (\(spec.elementType.rawValue) \(spec.shapeText)), "
                + "got only [\(given.joined(separator: ", "))]",
            location: spec.name)
    }

    static func unknownInput(_ name: String, known: [String]) -> SignatureError {
        SignatureError(
            code: .unknownInput,
            message: "unexpected inference input '\(name)', the model has [\(known.joined(separator: ", "))]",
            location: name)
    }

    static func unknownOutput(_ name: String, known: [String]) -> SignatureError {
        SignatureError(
            code: .unknownOutput,
            message: "unexpected inference output '\(name)', the model has [\(known.joined(separator: ", "))]",
            location: name)
    }

    static func wrongType(_ spec: TensorSpec, got: ElementType) -> SignatureError {
        SignatureError(
            code: .wrongType,
            message: "input '\(spec.name)' expected datatype \(spec.elementType.rawValue), got \(got.rawValue)",
            location: spec.name)
    }

    static func wrongShape(_ spec: TensorSpec, got: Shape) -> SignatureError {
        SignatureError(
            code: .wrongShape,
            message: "input '\(spec.name)' expected shape \(spec.shapeText), got \(got)",
            location: spec.name)
    }

    static func symbolMismatch(
        _ symbol: String, _ name: String, got: Int, other: String, expected: Int
    ) -> SignatureError {
        SignatureError(
            code: .symbolMismatch,
            message: "input '\(name)' expected '\(symbol)' to be \(expected) as in input '\(other)', got \(got)",
            location: name)
    }
}
