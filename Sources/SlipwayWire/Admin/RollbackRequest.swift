// SPDX-License-Identifier: Apache-2.0

/// Where an endpoint is to go back to.
package struct RollbackRequest: Sendable, Hashable, Codable {
    /// `nil` for the revision before the one in force.
    package var revision: Int?

    package init(revision: Int?) { self.revision = revision }
}
