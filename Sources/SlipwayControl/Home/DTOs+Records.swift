// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayRegistry
import SlipwayWire

extension VersionDTO {
    init(_ record: VersionRecord, aliases: [AliasRecord]) {
        let draft = record.draft
        self.init(
            id: record.id, digest: draft.digest, format: draft.format.rawValue, engine: draft.engine,
            createdAt: record.createdAt,
            aliases: aliases.filter { $0.version == record.id.number }.map(\.alias).sorted(),
            signature: draft.signature,
            files: draft.files.map { FileDTO(path: $0.path, digest: $0.digest, byteCount: $0.byteCount) },
            source: SourceDTO(
                name: draft.lineage.sourceName, digest: draft.lineage.sourceDigest, parent: draft.lineage.parent,
                recipe: draft.lineage.recipe),
            metadata: draft.metadata)
        primaryPath = draft.primaryPath
    }
}

extension RevisionDTO {
    init(_ revision: EndpointRevision) {
        self.init(
            number: revision.number, spec: revision.spec, createdAt: revision.createdAt, reason: revision.reason)
    }
}

extension EndpointDTO {
    init(_ revision: EndpointRevision, replicas: [ReplicaRecord]) {
        let observed = replicas.flatMap { replica in
            replica.endpoints.filter { $0.endpoint == revision.endpoint }.map { endpoint in
                ObservedDTO(
                    replica: replica.id, revision: endpoint.revision, version: endpoint.version,
                    state: endpoint.state, message: endpoint.message,
                    versions: endpoint.versions.map(ObservedVersionDTO.init), notes: endpoint.notes)
            }
        }
        self.init(name: revision.endpoint, revision: RevisionDTO(revision), replicas: observed)
    }
}

extension ObservedVersionDTO {
    init(_ observed: ObservedVersion) {
        self.init(version: observed.version, state: observed.state, route: observed.route)
        message = observed.message
        lanes = observed.lanes
        threadsPerCall = observed.threadsPerCall
        residentBytes = observed.residentBytes
        inFlight = observed.inFlight
        batching = observed.batching
        engine = observed.engine
        precision = observed.precision
    }
}

extension ReplicaDTO {
    init(_ record: ReplicaRecord, now: Timestamp) {
        self.init(
            id: record.id, host: record.host, processID: record.processID, startedAt: record.startedAt,
            reportedAt: record.reportedAt, isAlive: record.isAlive(at: now), addresses: record.addresses,
            cores: record.cores.map {
                CoreSharesDTO(
                    cores: $0.cores, eventLoops: $0.eventLoops, lanes: $0.lanes, threadsPerCall: $0.threadsPerCall)
            })
    }
}
