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
    /// Compares a stored version's files with their digests, loads it in an engine, and runs sample rows through it.
    ///
    /// What is wrong with the version is told in the answer; errors are of the request.
    ///
    /// - Parameter progress: Called now and then with the fraction done, 0 to 1.
    func verify(
        _ request: VerificationRequest, progress: @escaping @Sendable (Double) -> Void
    ) async throws -> VerificationDTO
    /// Reads one of a version's files from a byte on to its end; `body` gets piece after piece, none larger than some
    /// megabytes.
    ///
    /// Nothing is compared: whoever takes the bytes compares their digest.
    func readFile(
        _ digest: Digest, of version: ModelReference, from offset: Int,
        _ body: @Sendable (_ piece: [UInt8]) async throws -> Void
    ) async throws
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

    // MARK: Monitoring

    /// Joins what turned out to be true to earlier requests; each item has its own result.
    func feedback(_ request: FeedbackRequest, to endpoint: String) async throws -> FeedbackReplyDTO
    /// Every reading of an endpoint and the alerts that hold.
    func monitors(of endpoint: String) async throws -> MonitorsDTO
    /// Newest first.
    func alerts(_ filter: AlertFilter) async throws -> [AlertDTO]
    /// What guards decided, newest first; at most `limit`, 100 with `nil`.
    func decisions(of endpoint: String?, limit: Int?) async throws -> [GuardDecisionDTO]
    /// Those that are not over.
    func silences() async throws -> [SilenceDTO]
    func addSilence(_ request: SilenceRequest) async throws -> SilenceDTO
    func removeSilence(_ id: String) async throws
    /// The reference profile of a version, or of an endpoint's primary.
    func profile(of reference: ModelReference) async throws -> ProfileDTO
    /// Asks the version for every row of a file of this machine and keeps what rows and answers look like.
    ///
    /// - Parameter progress: Called now and then with the fraction done, 0 to 1.
    func makeProfile(
        _ request: ProfileRequest, progress: @escaping @Sendable (Double) -> Void
    ) async throws -> ProfileDTO
    func capture(of endpoint: String) async throws -> CaptureDTO
    /// Reads a segment from front to back; `body` gets piece after piece, none larger than some megabytes.
    func readCapture(
        _ segment: String, of endpoint: String, _ body: @Sendable (_ piece: [UInt8]) async throws -> Void
    ) async throws
    /// Reads captured requests with their labels as one Arrow IPC file, piece by piece.
    func exportCapture(
        _ request: ExportRequest, of endpoint: String, _ body: @Sendable (_ piece: [UInt8]) async throws -> Void
    ) async throws
    func eraseCapture(_ request: EraseRequest, of endpoint: String) async throws -> EraseDTO
}
