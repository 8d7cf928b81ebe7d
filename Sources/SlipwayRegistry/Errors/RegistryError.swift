// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// A refusal of the registry or a failure of its stores.
package struct RegistryError: SlipwayError {
    package struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Wrapped: String {
            case notFound, conflict, inUse, invalid, storeUnavailable, storeFull, corrupt, storeTooNew
        }
        private let wrapped: Wrapped
        package var description: String { wrapped.rawValue }
        package static let notFound = Code(wrapped: .notFound)
        /// It exists already, or somebody else changed it first.
        package static let conflict = Code(wrapped: .conflict)
        /// It cannot go while something names it.
        package static let inUse = Code(wrapped: .inUse)
        /// A name, a path or a draft that breaks a rule.
        package static let invalid = Code(wrapped: .invalid)
        /// Locked by another process, closed, or not readable: later it may work.
        package static let storeUnavailable = Code(wrapped: .storeUnavailable)
        package static let storeFull = Code(wrapped: .storeFull)
        /// Stored bytes are not what they were.
        package static let corrupt = Code(wrapped: .corrupt)
        /// Written by a newer Slipway than this one.
        package static let storeTooNew = Code(wrapped: .storeTooNew)
    }

    package let code: Code
    package let message: String
    package let cause: (any Error)?
    package let location: String?

    package init(_ code: Code, _ message: String, cause: (any Error)? = nil, location: String? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
        self.location = location
    }

    package var category: ErrorCategory {
        switch code {
        case .notFound: .notFound
        case .conflict, .inUse: .conflict
        case .invalid: .invalidInput
        case .storeUnavailable: .unavailable
        case .storeFull: .outOfResources
        case .corrupt: .corrupt
        case .storeTooNew: .unsupported
        default: .internal
        }
    }
}

extension RegistryError {
    /// At most twenty names for a message, and how many more there are.
    package static func listed(_ names: [String]) -> String {
        let shown = names.prefix(20).joined(separator: ", ")
        return names.count > 20 ? "[\(shown) and \(names.count - 20) more]" : "[\(shown)]"
    }

    /// Checks the name of a model, an alias or an endpoint and gives the grammar's own message.
    package static func checkName(_ name: String) throws(RegistryError) {
        do {
            try ModelReference.checkName(name)
        } catch {
            throw RegistryError(.invalid, error.message)
        }
    }

    package static func noSuchVersion(_ id: VersionID, known: [Int]) -> RegistryError {
        RegistryError(
            .notFound,
            known.isEmpty
                ? "there is no model '\(id.model)': 'slipway list' shows the models there are"
                : "model '\(id.model)' has no version \(id.number), it has \(listed(known.map(String.init)))")
    }

    package static func noSuchAlias(_ alias: String, of model: String, known: [String]) -> RegistryError {
        RegistryError(
            .notFound,
            "model '\(model)' has no alias '\(alias)', it has \(listed(known)): "
                + "'slipway alias \(model) \(alias) VERSION' makes it")
    }

    package static func noSuchEndpoint(_ name: String, known: [String]) -> RegistryError {
        RegistryError(
            .notFound, "there is no endpoint '\(name)', there are \(listed(known))")
    }

    package static func revisionConflict(_ endpoint: String, expected: Int, current: Int) -> RegistryError {
        RegistryError(
            .conflict,
            "endpoint '\(endpoint)' is at revision \(current), not at \(expected): somebody else changed it; "
                + "look at 'slipway status \(endpoint)' and try again")
    }

    package static func versionInUse(_ id: VersionID, by endpoints: [String]) -> RegistryError {
        RegistryError(
            .inUse,
            "version \(id) is needed by \(listed(endpoints)), as primary, canary, shadow or by a rule: "
                + "take it out of there or undeploy first")
    }

    package static func noSuchKey(_ id: String) -> RegistryError {
        RegistryError(.notFound, "there is no key '\(id)': 'slipway token list' shows the keys there are")
    }

    package static func keyExists(_ id: String) -> RegistryError {
        RegistryError(.conflict, "a key '\(id)' exists already: make a new one")
    }

    package static func noSuchBlob(_ digest: Digest) -> RegistryError {
        RegistryError(
            .notFound,
            "blob \(digest) is not in the store: import the model again, or restore the home from a 'slipway backup'",
            location: digest.description)
    }

    package static func corruptBlob(_ digest: Digest, found: String) -> RegistryError {
        RegistryError(
            .corrupt,
            "blob \(digest) does not have the content its address promises (\(found)): "
                + "import the model again, or restore the home from a 'slipway backup'",
            location: digest.description)
    }
}
