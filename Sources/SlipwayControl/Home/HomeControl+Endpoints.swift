// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
import SlipwayRegistry
package import SlipwayWire

extension HomeControl {
    package func endpoints() async throws -> [EndpointDTO] {
        let replicas = try await liveReplicas()
        return try await store.currentRevisions().filter { $0.spec != nil }.map { EndpointDTO($0, replicas: replicas) }
    }

    package func endpoint(_ name: String) async throws -> EndpointDTO {
        let revisions = try await store.currentRevisions()
        guard let revision = revisions.first(where: { $0.endpoint == name }) else {
            throw RegistryError.noSuchEndpoint(name, known: revisions.map(\.endpoint))
        }
        return EndpointDTO(revision, replicas: try await liveReplicas())
    }

    package func rollback(_ endpoint: String, to revision: Int?) async throws -> EndpointDTO {
        let revision = try await changes.run { try await registry.rollback(endpoint: endpoint, to: revision) }
        return EndpointDTO(revision, replicas: try await liveReplicas())
    }

    package func undeploy(_ endpoint: String) async throws -> EndpointDTO {
        let revision = try await changes.run { try await registry.undeploy(endpoint: endpoint) }
        return EndpointDTO(revision, replicas: try await liveReplicas())
    }

    package func revisions(of endpoint: String, at instant: Timestamp?) async throws -> [RevisionDTO] {
        if let instant {
            return try await registry.liveVersion(of: endpoint, at: instant).map { [RevisionDTO($0)] } ?? []
        }
        let revisions = try await store.revisions(of: endpoint)
        guard !revisions.isEmpty else {
            throw RegistryError.noSuchEndpoint(endpoint, known: try await store.currentRevisions().map(\.endpoint))
        }
        return revisions.map(RevisionDTO.init)
    }

    package func replicas() async throws -> [ReplicaDTO] {
        let now = clock()
        return try await store.replicas().map { ReplicaDTO($0, now: now) }
    }

    func liveReplicas() async throws -> [ReplicaRecord] {
        let now = clock()
        return try await store.replicas().filter { $0.isAlive(at: now) }
    }
}
