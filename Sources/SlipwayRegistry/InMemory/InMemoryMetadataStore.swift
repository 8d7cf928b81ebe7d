// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
package import SlipwayCore
package import SlipwaySecurity
import Synchronization

/// A metadata store that lives as long as the process: for trials, tests and embedded use.
package final class InMemoryMetadataStore: MetadataStore {
    private struct Guarded {
        var state = RegistryState()
        var isClosed = false
    }

    private let guarded = Mutex(Guarded())
    private let announcer = ChangeAnnouncer()
    private let clock: WallClock

    package init(clock: @escaping WallClock = Timestamp.systemNow) {
        self.clock = clock
    }

    private func read<R>(_ body: (RegistryState) -> R) throws -> R {
        try guarded.withLock { guarded in
            guard !guarded.isClosed else { throw Self.closed }
            return body(guarded.state)
        }
    }

    private func write<R>(_ body: (inout RegistryState) throws -> R) throws -> R {
        try guarded.withLock { guarded in
            guard !guarded.isClosed else { throw Self.closed }
            return try body(&guarded.state)
        }
    }

    private func change<R>(_ body: (inout RegistryState) throws -> R) throws -> R {
        let result = try write(body)
        announcer.announce()
        return result
    }

    private static var closed: RegistryError { RegistryError(.storeUnavailable, "the registry was closed") }

    package func changes() -> AsyncStream<Void> { announcer.subscribe() }

    package func integrityProblems() async throws -> [String] {
        try read { state in
            state.allVersions.compactMap { record -> String? in
                do throws(RegistryError) {
                    try record.draft.check(alias: nil)
                    return nil
                } catch {
                    return "\(record.id): \(error.message)"
                }
            }
        }
    }

    /// The copy is a JSON document of all rows.
    package func backUp(to path: String) async throws {
        let state = try read { $0 }
        let bytes = Array(try JSONEncoder().encode(state))
        try await BlockingFiles.run { _ in
            let file = try PosixFile(creating: path, mode: 0o600)
            do {
                try bytes.withUnsafeBytes { try file.write($0) }
                try file.synchronize()
            } catch {
                PosixFile.unlinkQuietly(path)
                throw error
            }
        }
    }

    package func close() async {
        guarded.withLock { $0.isClosed = true }
        announcer.finish()
    }
}

extension InMemoryMetadataStore {
    package func register(_ draft: VersionDraft, alias: String?) async throws -> VersionRecord {
        try change { try $0.register(draft, alias: alias, now: clock()) }
    }

    package func models() async throws -> [String] { try read(\.modelNames) }

    package func versions(of model: String) async throws -> [VersionRecord] {
        try read { $0.versions(of: model) }
    }

    package func version(_ id: VersionID) async throws -> VersionRecord? { try read { $0.version(id) } }

    package func delete(_ id: VersionID) async throws { try change { try $0.delete(id, now: clock()) } }

    package func setAlias(_ alias: String, of model: String, to version: Int?) async throws {
        try change { try $0.setAlias(alias, of: model, to: version, now: clock()) }
    }

    package func aliases(of model: String) async throws -> [AliasRecord] { try read { $0.aliases(of: model) } }

    package func aliasHistory(of model: String) async throws -> [AliasEvent] {
        try read { $0.aliasHistory(of: model) }
    }

    package func referencedBlobs() async throws -> Set<Digest> {
        try read { state in Set(state.allVersions.flatMap { $0.draft.files.map(\.digest) }) }
    }

    package func appendRevision(
        of endpoint: String, spec: EndpointSpec?, reason: String, expected: Int?
    ) async throws -> EndpointRevision {
        try change {
            try $0.appendRevision(of: endpoint, spec: spec, reason: reason, expected: expected, now: clock())
        }
    }

    package func currentRevisions() async throws -> [EndpointRevision] { try read(\.currentRevisions) }

    package func revisions(of endpoint: String) async throws -> [EndpointRevision] {
        try read { $0.revisions(of: endpoint) }
    }

    package func report(_ replica: ReplicaRecord) async throws { try write { $0.report(replica) } }

    package func replicas() async throws -> [ReplicaRecord] {
        try read { $0.replicas.values.sorted { ($0.startedAt, $0.id) < ($1.startedAt, $1.id) } }
    }

    package func removeReplica(_ id: String) async throws { try write { $0.removeReplica(id) } }

    package func addKey(_ key: KeyRecord) async throws { try write { try $0.addKey(key) } }

    package func key(id: String) async throws -> KeyRecord? { try read { $0.keys[id] } }

    package func keys() async throws -> [KeyRecord] {
        try read { $0.keys.values.sorted { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) } }
    }

    package func removeKey(id: String) async throws { try write { try $0.removeKey(id) } }
}
