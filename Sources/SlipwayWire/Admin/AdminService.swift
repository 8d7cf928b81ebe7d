// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// Everything an operator can do to a registry, whether it is opened here or reached through a server.
///
/// The home's own implementation is in SlipwayControl, the remote one in SlipwayClient; commands and admin
/// routes know only this. Errors are `SlipwayError`s.
package protocol AdminService: Sendable {
    func models() async throws -> [ModelDTO]
    func model(_ name: String) async throws -> ModelDTO
    func version(_ reference: ModelReference) async throws -> VersionDTO
    /// Imports a file of this machine as the next version.
    ///
    /// - Parameter progress: Called now and then with the fraction done, 0 to 1.
    func importModel(_ request: ImportRequest, progress: @escaping @Sendable (Double) -> Void) async throws -> ImportDTO
    func deleteVersion(_ reference: ModelReference) async throws -> VersionDTO
    func history(of model: String) async throws -> HistoryDTO
    /// Moves an alias to a version, or removes it with `nil`; returns the model's aliases after that.
    func setAlias(_ alias: String, of model: String, to version: Int?) async throws -> [AliasDTO]
    /// Deletes versions that nothing names, all but the newest `keep` of each model, and blobs no version needs.
    ///
    /// With `nil` no version is deleted.
    func collectGarbage(keep: Int?) async throws -> GarbageDTO
    func endpoints() async throws -> [EndpointDTO]
    func endpoint(_ name: String) async throws -> EndpointDTO
    func deploy(_ request: DeployRequest, to endpoint: String) async throws -> EndpointDTO
    /// Makes a whole spec the desired state; refused when it does not hold together or is not at `expectedRevision`.
    func apply(_ request: EndpointSpecRequest, to endpoint: String) async throws -> EndpointDTO
    /// Makes a canary, a shadow or a rule's version the primary; with `nil`, the only canary.
    func promote(_ endpoint: String, version: ModelReference?) async throws -> EndpointDTO
    func rollback(_ endpoint: String, to revision: Int?) async throws -> EndpointDTO
    func undeploy(_ endpoint: String) async throws -> EndpointDTO
    /// Every revision, oldest first; with `at`, only the one in force at that instant.
    func revisions(of endpoint: String, at: Timestamp?) async throws -> [RevisionDTO]
    func replicas() async throws -> [ReplicaDTO]
    func tokens() async throws -> [TokenDTO]
    func createToken(_ request: TokenRequest) async throws -> CreatedTokenDTO
    func revokeToken(_ id: String) async throws
}
