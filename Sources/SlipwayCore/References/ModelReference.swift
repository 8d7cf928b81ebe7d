// SPDX-License-Identifier: Apache-2.0

/// Names one version of a model: `name`, `name:3`, `name@champion` or `name@sha256:ab12...`.
public struct ModelReference: Sendable, Hashable, CustomStringConvertible {
    public enum Selector: Sendable, Hashable {
        /// The highest version there is.
        case newest
        case version(Int)
        case alias(String)
        /// The version whose digest starts with these hexadecimal digits, at least six.
        case digest(prefix: String)
    }

    public let name: String
    public let selector: Selector

    public init(name: String, selector: Selector) {
        self.name = name
        self.selector = selector
    }

    /// - Throws: ``ReferenceError`` that shows the grammar.
    public init(parsing text: String) throws(ReferenceError) {
        let separator = text.firstIndex { $0 == ":" || $0 == "@" }
        let name = String(text[..<(separator ?? text.endIndex)])
        try Self.checkName(name)
        self.name = name
        guard let separator else {
            selector = .newest
            return
        }
        let rest = String(text[text.index(after: separator)...])
        if text[separator] == ":" {
            guard let version = Int(rest), version > 0, String(version) == rest else { throw .malformed(text) }
            selector = .version(version)
        } else if rest.hasPrefix("sha256:") {
            let digits = rest.dropFirst("sha256:".count)
            guard (6...64).contains(digits.count), digits.allSatisfy({ "0123456789abcdef".contains($0) }) else {
                throw .malformed(text)
            }
            selector = .digest(prefix: String(digits))
        } else {
            try Self.checkName(rest)
            selector = .alias(rest)
        }
    }

    /// Checks the name of a model, an alias or an endpoint.
    ///
    /// 1 to 128 bytes of UTF-8 without control characters, `/`, `\`, `:` and `@`; not starting with `.`, `-` or a
    /// space and not ending with a space.
    public static func checkName(_ name: String) throws(ReferenceError) {
        let forbidden = name.unicodeScalars.contains { scalar in
            scalar.value < 0x20 || scalar.value == 0x7F || "/\\:@".unicodeScalars.contains(scalar)
        }
        guard !forbidden, (1...128).contains(name.utf8.count), let first = name.first,
            !".- ".contains(first), name.last != " "
        else { throw .badName(name) }
    }

    public var description: String {
        switch selector {
        case .newest: name
        case .version(let number): "\(name):\(number)"
        case .alias(let alias): "\(name)@\(alias)"
        case .digest(let prefix): "\(name)@sha256:\(prefix)"
        }
    }
}

/// A reference or a name that does not follow the grammar.
public struct ReferenceError: SlipwayError, Equatable {
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Wrapped: String { case malformed, badName }
        private let wrapped: Wrapped
        public var description: String { wrapped.rawValue }
        public static let malformed = Code(wrapped: .malformed)
        public static let badName = Code(wrapped: .badName)
    }

    public let code: Code
    public let message: String
    public var category: ErrorCategory { .invalidInput }

    static func malformed(_ text: String) -> ReferenceError {
        ReferenceError(
            code: .malformed,
            message: "'\(text)' is not a reference: write name, name:3, name@alias or name@sha256:0123ab")
    }

    static func badName(_ name: String) -> ReferenceError {
        ReferenceError(
            code: .badName,
            message: "'\(name)' is not a name: 1 to 128 bytes, no '/', '\\', ':', '@' or control character, "
                + "not starting with '.', '-' or a space")
    }
}
