// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// What a holder of a key may do; each role includes the ones before it.
package enum Role: String, Sendable, Hashable, Codable, CaseIterable, Comparable {
    /// Reads models, endpoints and metrics.
    case viewer
    /// Also imports, deploys, rolls back and deletes.
    case `operator`
    /// Also makes and revokes keys.
    case admin

    package static func < (left: Role, right: Role) -> Bool {
        guard let l = allCases.firstIndex(of: left), let r = allCases.firstIndex(of: right) else { return false }
        return l < r
    }
}

/// An API key as it is stored: its secret only as a hash.
package struct KeyRecord: Sendable, Hashable, Codable {
    /// Public part of the key, for lists and logs.
    package let id: String
    package let role: Role
    package let label: String
    /// sha256 of the secret part; the secret has 256 random bits, so a plain hash cannot be searched.
    package let secretHash: Digest
    package let createdAt: Timestamp
    package let expiresAt: Timestamp?

    package init(
        id: String, role: Role, label: String, secretHash: Digest, createdAt: Timestamp, expiresAt: Timestamp?
    ) {
        self.id = id
        self.role = role
        self.label = label
        self.secretHash = secretHash
        self.createdAt = createdAt
        self.expiresAt = expiresAt
    }
}

/// Keeps API keys.
package protocol KeyStore: Sendable {
    func addKey(_ key: KeyRecord) async throws
    func key(id: String) async throws -> KeyRecord?
    func keys() async throws -> [KeyRecord]
    /// Throws `notFound` for an unknown id.
    func removeKey(id: String) async throws
}
