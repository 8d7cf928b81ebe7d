// SPDX-License-Identifier: Apache-2.0

import GRDB
package import SlipwayCore
package import SlipwayRegistry

extension SQLiteMetadataStore {
    package func appendRevision(
        of endpoint: String, spec: EndpointSpec?, reason: String, expected: Int?
    ) async throws -> EndpointRevision {
        try RegistryError.checkName(endpoint)
        let clock = clock
        return try await change { db in
            let last = try EndpointRows.last(db, of: endpoint)
            let current = last?.number ?? 0
            if let expected, expected != current {
                throw RegistryError.revisionConflict(endpoint, expected: expected, current: current)
            }
            if let spec {
                for id in spec.versions where try !VersionRows.exists(db, id) {
                    throw RegistryError.noSuchVersion(id, known: try VersionRows.numbers(db, of: id.model))
                }
            } else if last == nil {
                throw RegistryError.noSuchEndpoint(endpoint, known: try EndpointRows.current(db).map(\.endpoint))
            }
            let revision = EndpointRevision(
                endpoint: endpoint, number: try EndpointRevision.number(after: last), spec: spec,
                createdAt: clock().noEarlier(than: last?.createdAt), reason: reason)
            try EndpointRows.insert(db, revision)
            return revision
        }
    }

    package func currentRevisions() async throws -> [EndpointRevision] {
        try await read(EndpointRows.current)
    }

    package func revisions(of endpoint: String) async throws -> [EndpointRevision] {
        try await read { try EndpointRows.all($0, of: endpoint) }
    }
}
