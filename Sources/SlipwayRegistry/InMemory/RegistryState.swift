// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwaySecurity

/// The rows of a registry as one value; every change is whole or throws before the first step.
struct RegistryState: Codable {
    private struct Model: Codable {
        var nextNumber = 1
        var versions: [VersionRecord] = []
        var aliases: [String: Int] = [:]
        var history: [AliasEvent] = []
    }

    private var models: [String: Model] = [:]
    private var endpoints: [String: [EndpointRevision]] = [:]
    private(set) var replicas: [String: ReplicaRecord] = [:]
    private(set) var keys: [String: KeyRecord] = [:]

    // MARK: Versions

    var modelNames: [String] { models.filter { !$0.value.versions.isEmpty }.keys.sorted() }

    var allVersions: [VersionRecord] { models.values.flatMap(\.versions) }

    func versions(of model: String) -> [VersionRecord] { models[model]?.versions ?? [] }

    func version(_ id: VersionID) -> VersionRecord? { versions(of: id.model).first { $0.id == id } }

    mutating func register(
        _ draft: VersionDraft, alias: String?, now: Timestamp
    ) throws(RegistryError) -> VersionRecord {
        try draft.check(alias: alias)
        var model = models[draft.model] ?? Model()
        let record: VersionRecord
        if let known = model.versions.first(where: { $0.digest == draft.digest }) {
            record = known
        } else {
            record = VersionRecord(
                id: VersionID(model: draft.model, number: model.nextNumber),
                createdAt: now.noEarlier(than: model.versions.last?.createdAt), draft: draft)
            model.nextNumber += 1
            model.versions.append(record)
        }
        models[draft.model] = model
        if let alias { move(alias, of: draft.model, to: record.id.number, now: now) }
        return record
    }

    mutating func delete(_ id: VersionID, now: Timestamp) throws(RegistryError) {
        guard var model = models[id.model], let index = model.versions.firstIndex(where: { $0.id == id }) else {
            throw .noSuchVersion(id, known: versions(of: id.model).map(\.id.number))
        }
        let users = currentRevisions.filter { $0.spec?.versions.contains(id) == true }.map(\.endpoint)
        guard users.isEmpty else { throw .versionInUse(id, by: users) }
        for alias in model.aliases.filter({ $0.value == id.number }).keys.sorted() {
            move(alias, of: id.model, to: nil, now: now)
        }
        model = models[id.model] ?? model
        model.versions.remove(at: index)
        models[id.model] = model
    }

    // MARK: Aliases

    mutating func setAlias(
        _ alias: String, of model: String, to version: Int?, now: Timestamp
    ) throws(RegistryError) {
        try RegistryError.checkName(alias)
        let known = versions(of: model).map(\.id.number)
        if let version {
            guard known.contains(version) else {
                throw .noSuchVersion(VersionID(model: model, number: version), known: known)
            }
        } else if models[model]?.aliases[alias] == nil {
            throw .noSuchAlias(alias, of: model, known: aliases(of: model).map(\.alias))
        }
        move(alias, of: model, to: version, now: now)
    }

    func aliases(of model: String) -> [AliasRecord] {
        (models[model]?.aliases ?? [:]).sorted { $0.key < $1.key }
            .map { AliasRecord(model: model, alias: $0.key, version: $0.value) }
    }

    func aliasHistory(of model: String) -> [AliasEvent] { models[model]?.history ?? [] }

    private mutating func move(_ alias: String, of model: String, to version: Int?, now: Timestamp) {
        guard var entry = models[model], entry.aliases[alias] != version else { return }
        entry.history.append(
            AliasEvent(
                model: model, alias: alias, from: entry.aliases[alias], to: version,
                at: now.noEarlier(than: entry.history.last?.at)))
        entry.aliases[alias] = version
        models[model] = entry
    }

    // MARK: Endpoints

    var currentRevisions: [EndpointRevision] {
        endpoints.values.compactMap(\.last).sorted { $0.endpoint < $1.endpoint }
    }

    func revisions(of endpoint: String) -> [EndpointRevision] { endpoints[endpoint] ?? [] }

    mutating func appendRevision(
        of endpoint: String, spec: EndpointSpec?, reason: String, expected: Int?, now: Timestamp
    ) throws(RegistryError) -> EndpointRevision {
        try RegistryError.checkName(endpoint)
        let last = endpoints[endpoint]?.last
        let current = last?.number ?? 0
        if let expected, expected != current {
            throw .revisionConflict(endpoint, expected: expected, current: current)
        }
        if let spec {
            for id in spec.versions where version(id) == nil {
                throw .noSuchVersion(id, known: versions(of: id.model).map(\.id.number))
            }
        } else if last == nil {
            throw .noSuchEndpoint(endpoint, known: endpoints.keys.sorted())
        }
        let revision = EndpointRevision(
            endpoint: endpoint, number: try EndpointRevision.number(after: last), spec: spec,
            createdAt: now.noEarlier(than: last?.createdAt), reason: reason)
        endpoints[endpoint, default: []].append(revision)
        return revision
    }

    // MARK: Replicas and keys

    mutating func report(_ replica: ReplicaRecord) { replicas[replica.id] = replica }

    mutating func removeReplica(_ id: String) { replicas[id] = nil }

    mutating func addKey(_ key: KeyRecord) throws(RegistryError) {
        guard keys[key.id] == nil else { throw .keyExists(key.id) }
        keys[key.id] = key
    }

    mutating func removeKey(_ id: String) throws(RegistryError) {
        guard keys.removeValue(forKey: id) != nil else { throw .noSuchKey(id) }
    }
}
