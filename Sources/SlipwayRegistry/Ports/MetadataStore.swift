// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
package import SlipwaySecurity

/// Keeps the rows of the registry. Every call is one transaction: it happens whole or not at all.
///
/// Called from any task; implementations keep blocking work off the cooperative pool. Several processes may
/// share one store. Errors are ``RegistryError`` (`notFound`, `conflict`, `inUse`, `storeUnavailable`, `corrupt`).
package protocol MetadataStore: VersionStore, EndpointStore, ReplicaStore, KeyStore {
    /// Fires soon (on SQLite within 100 ms) after any process changed models, aliases or endpoints; may fire
    /// without need. Ends when the store is closed.
    func changes() -> AsyncStream<Void>
    /// What is wrong with the stored rows, one sentence each; empty when all is well.
    func integrityProblems() async throws -> [String]
    /// Writes a consistent copy of the whole store to a new file.
    func backUp(to path: String) async throws
    /// Ends background work; later calls fail.
    func close() async
}

/// Models, versions and aliases.
package protocol VersionStore: Sendable {
    /// Registers a version under the next number, makes the model when it is new, and moves `alias` to it if given.
    ///
    /// A bundle that is registered under this model already keeps its number: the same record is returned.
    func register(_ draft: VersionDraft, alias: String?) async throws -> VersionRecord
    func models() async throws -> [String]
    /// In order of their numbers; empty when the model is unknown.
    func versions(of model: String) async throws -> [VersionRecord]
    func version(_ id: VersionID) async throws -> VersionRecord?
    /// Removes a version, its aliases too, and the model with its last version.
    ///
    /// Throws `inUse` while a current endpoint revision names it in any role. The number is never given again,
    /// not even after the model's last version went, so that an old endpoint revision can never come to mean another
    /// bundle.
    func delete(_ id: VersionID) async throws
    /// Moves an alias, or removes it with `nil`, and records the move.
    func setAlias(_ alias: String, of model: String, to version: Int?) async throws
    func aliases(of model: String) async throws -> [AliasRecord]
    /// Oldest first.
    func aliasHistory(of model: String) async throws -> [AliasEvent]
    /// Every digest that a version refers to.
    func referencedBlobs() async throws -> Set<Digest>
}

/// Endpoints and their revisions.
package protocol EndpointStore: Sendable {
    /// Adds a revision. Throws `conflict` when `expected` is given and is not the current number, `notFound` when
    /// one of the spec's versions does not exist.
    func appendRevision(
        of endpoint: String, spec: EndpointSpec?, reason: String, expected: Int?
    ) async throws -> EndpointRevision
    /// The revision in force of every endpoint, undeployed ones included, by name.
    func currentRevisions() async throws -> [EndpointRevision]
    /// Oldest first; empty when the endpoint is unknown.
    func revisions(of endpoint: String) async throws -> [EndpointRevision]
}

/// What replicas report.
package protocol ReplicaStore: Sendable {
    /// Replaces the replica's earlier report.
    func report(_ replica: ReplicaRecord) async throws
    /// Every reported replica, dead ones included, by start.
    func replicas() async throws -> [ReplicaRecord]
    /// Does nothing when there is no such replica.
    func removeReplica(_ id: String) async throws
}
