// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// One change of an endpoint; the highest number is in force.
package struct EndpointRevision: Sendable, Hashable, Codable {
    package let endpoint: String
    /// 1, 2, 3 ... per endpoint.
    package let number: Int
    /// `nil` when the endpoint was undeployed.
    package let spec: EndpointSpec?
    package let createdAt: Timestamp
    /// Why it was made: `deploy`, `canary fraud:4 10%`, `rollback to 3`, `undeploy`.
    package let reason: String

    package init(endpoint: String, number: Int, spec: EndpointSpec?, createdAt: Timestamp, reason: String) {
        self.endpoint = endpoint
        self.number = number
        self.spec = spec
        self.createdAt = createdAt
        self.reason = reason
    }

    /// The number that follows; 1 after nothing.
    ///
    /// - Throws: `corrupt` after the largest number there is, which only a damaged row holds.
    package static func number(after last: EndpointRevision?) throws(RegistryError) -> Int {
        let (next, isOver) = (last?.number ?? 0).addingReportingOverflow(1)
        guard !isOver else {
            throw RegistryError(
                .corrupt,
                "the revisions of endpoint '\(last?.endpoint ?? "")' have no number left: "
                    + "restore the home from a 'slipway backup'")
        }
        return next
    }
}
