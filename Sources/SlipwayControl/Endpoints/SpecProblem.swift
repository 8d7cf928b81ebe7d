// SPDX-License-Identifier: Apache-2.0

/// One reason why a spec cannot be an endpoint's desired state.
package struct SpecProblem: Sendable, Hashable {
    /// The member it is about, as in the spec's JSON: `canaries[0].share`.
    package let path: String
    /// What is wrong with it, with what was expected and what it is.
    package let message: String
    /// Whether it goes away when a change of the signature is allowed.
    package let isSignatureChange: Bool

    package init(_ path: String, _ message: String, isSignatureChange: Bool = false) {
        self.path = path
        self.message = message
        self.isSignatureChange = isSignatureChange
    }
}

extension ControlError {
    /// Every problem of a spec in one error.
    package static func refused(_ problems: [SpecProblem], endpoint: String) -> ControlError {
        let list = problems.prefix(20).map { "\($0.path): \($0.message)" }.joined(separator: "; ")
        guard problems.allSatisfy(\.isSignatureChange) else {
            return ControlError(.invalidRequest, "endpoint '\(endpoint)' cannot be like this: \(list)")
        }
        return ControlError(
            .signatureChange,
            "callers of endpoint '\(endpoint)' would break: \(list); --allow-signature-change "
                + "(allowSignatureChange) does it all the same")
    }
}
