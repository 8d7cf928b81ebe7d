// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
import SlipwayEngine
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

    package func deploy(_ request: DeployRequest, to endpoint: String) async throws -> EndpointDTO {
        try ModelReference.checkName(endpoint)
        if let instances = request.instances, !(1...1024).contains(instances) {
            throw ControlError(.invalidRequest, "instances is \(instances), expected 1 to 1024")
        }
        let version = try await registry.resolve(try ModelReference(parsing: request.reference))
        try checkRunnable(version, request)
        let spec = EndpointSpec(
            primary: version.id, engine: request.engine, device: request.device ?? "cpu",
            instances: request.instances)
        let revision = try await registry.deploy(endpoint: endpoint, spec: spec)
        return EndpointDTO(revision, replicas: try await liveReplicas())
    }

    package func rollback(_ endpoint: String, to revision: Int?) async throws -> EndpointDTO {
        let revision = try await registry.rollback(endpoint: endpoint, to: revision)
        return EndpointDTO(revision, replicas: try await liveReplicas())
    }

    package func undeploy(_ endpoint: String) async throws -> EndpointDTO {
        let revision = try await registry.undeploy(endpoint: endpoint)
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

    private func liveReplicas() async throws -> [ReplicaRecord] {
        let now = clock()
        return try await store.replicas().filter { $0.isAlive(at: now) }
    }

    /// Refuses an engine or a device that is known here not to work; without engines here, replicas find out.
    private func checkRunnable(_ version: VersionRecord, _ request: DeployRequest) throws {
        guard !engines.isEmpty else { return }
        let name = request.engine ?? version.draft.engine
        guard let engine = engines.first(where: { $0.name == name }) else {
            let known = engines.map(\.name).joined(separator: ", ")
            throw ControlError(.invalidRequest, "there is no engine '\(name)' here, there are [\(known)]")
        }
        if let device = request.device, !engine.capabilities.devices.contains(device) {
            let known = engine.capabilities.devices.joined(separator: ", ")
            throw ControlError(
                .invalidRequest, "engine '\(name)' has no device '\(device)' here, it has [\(known)]")
        }
    }
}
