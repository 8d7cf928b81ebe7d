// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// What people ask of the registry, in terms of any store.
///
/// Errors are ``RegistryError``; those of the store pass through.
package struct Registry: Sendable {
    package let store: any MetadataStore

    package init(store: any MetadataStore) {
        self.store = store
    }

    /// Finds the version that a reference names now.
    ///
    /// - Throws: `notFound`, listing what there is; `conflict` when a digest prefix fits several versions.
    package func resolve(_ reference: ModelReference) async throws -> VersionRecord {
        let versions = try await store.versions(of: reference.name)
        guard let newest = versions.last else { throw try await unknownModel(reference.name) }
        switch reference.selector {
        case .newest:
            return newest
        case .version(let number):
            return try find(number, of: reference.name, among: versions)
        case .alias(let alias):
            let aliases = try await store.aliases(of: reference.name)
            guard let record = aliases.first(where: { $0.alias == alias }) else {
                throw RegistryError.noSuchAlias(alias, of: reference.name, known: aliases.map(\.alias))
            }
            return try find(record.version, of: reference.name, among: versions)
        case .digest(let prefix):
            let matches = versions.filter { $0.digest.hex.hasPrefix(prefix) }
            if matches.count == 1 { return matches[0] }
            if matches.isEmpty {
                let known = RegistryError.listed(versions.map { "\($0.id) \($0.digest.hex.prefix(12))" })
                throw RegistryError(
                    .notFound, "no version of '\(reference.name)' starts with sha256:\(prefix), there are \(known)")
            }
            let list = RegistryError.listed(matches.map(\.id.description))
            throw RegistryError(
                .conflict, "sha256:\(prefix) fits several versions \(list): write more digits or the number")
        }
    }

    /// The revision that was in force at an instant; `nil` when the endpoint did not exist yet.
    ///
    /// A revision whose spec is `nil` means that the endpoint was undeployed then.
    ///
    /// - Throws: `notFound` when there never was such an endpoint.
    package func liveVersion(of endpoint: String, at instant: Timestamp) async throws -> EndpointRevision? {
        try await history(of: endpoint).last { $0.createdAt <= instant }
    }

    /// Applies an earlier revision's spec again, as a new revision; a rollout in it never begins again.
    ///
    /// The goal is chosen once: a step of a rollout or a change of another process that comes in between is gone
    /// back from too.
    ///
    /// - Parameter number: Which revision, to repeat its routes with the canaries' shares held; `nil` for the latest
    ///   earlier one that was deployed, differs from what is in force and was no step of a rollout. Where a primary
    ///   came with a rollout, that primary alone is gone back to; a rollout that nothing came before is ended.
    /// - Throws: `notFound` when there is no such revision or one of its versions was deleted, `invalid` when that
    ///   revision was an undeployment.
    @discardableResult
    package func rollback(endpoint: String, to number: Int? = nil) async throws -> EndpointRevision {
        let goal = try RollbackGoal.find(in: try await history(of: endpoint), to: number)
        for id in goal.spec.versions where try await store.version(id) == nil {
            throw RegistryError(
                .notFound,
                "revision \(goal.revision) of '\(endpoint)' needs \(id), which was deleted: "
                    + "name another revision with --to")
        }
        return try await store.appendRevision(
            of: endpoint, spec: goal.spec, reason: "rollback to \(goal.revision)", expected: nil)
    }

    /// Takes an endpoint out of service; its history stays.
    ///
    /// - Throws: `notFound` when it is not deployed.
    @discardableResult
    package func undeploy(endpoint: String) async throws -> EndpointRevision {
        try await RevisionRetry.run {
            guard let current = try await history(of: endpoint).last, current.spec != nil else {
                throw RegistryError(.notFound, "endpoint '\(endpoint)' is not deployed: it was undeployed already")
            }
            return try await store.appendRevision(
                of: endpoint, spec: nil, reason: "undeploy", expected: current.number)
        }
    }

    /// Oldest first, never empty.
    private func history(of endpoint: String) async throws -> [EndpointRevision] {
        let revisions = try await store.revisions(of: endpoint)
        guard !revisions.isEmpty else { throw try await unknownEndpoint(endpoint) }
        return revisions
    }

    private func find(_ number: Int, of model: String, among versions: [VersionRecord]) throws -> VersionRecord {
        guard let record = versions.first(where: { $0.id.number == number }) else {
            throw RegistryError.noSuchVersion(
                VersionID(model: model, number: number), known: versions.map(\.id.number))
        }
        return record
    }

    private func unknownModel(_ name: String) async throws -> RegistryError {
        let models = RegistryError.listed(try await store.models())
        return RegistryError(.notFound, "there is no model '\(name)', there are \(models)")
    }

    private func unknownEndpoint(_ name: String) async throws -> RegistryError {
        RegistryError.noSuchEndpoint(name, known: try await store.currentRevisions().map(\.endpoint))
    }
}
