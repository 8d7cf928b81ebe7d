// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import NIOCore
import NIOHTTP1
package import SlipwayCore
package import SlipwayWire

/// The admin API of a server: what commands use with `--server URL`.
///
/// Calls ``AdminRoutes`` and nothing else. Errors are ``ClientError``: `unreachable`, `refused` with the server's own
/// message and category, or `invalidReply`.
package struct AdminClient: AdminService {
    /// The sha256 of a file; it takes its time, and blocks no thread of the cooperative pool.
    package typealias FileDigest = @Sendable (_ path: String) async throws -> Digest

    let caller: ServerCaller
    let digest: FileDigest?

    /// - Parameters:
    ///   - server: Where the admin API listens: `http://127.0.0.1:8082`.
    ///   - token: An API key's secret; `nil` where none is asked for.
    ///   - digest: Names uploads by their content, so that those of a client that was ended can go on, and the server
    ///     finds out what was damaged on the way; `nil` to do without both.
    package init(server: ServerAddress, token: String? = nil, digest: FileDigest? = nil) {
        caller = ServerCaller(address: server, token: token)
        self.digest = digest
    }

    func call<R: Decodable>(
        _ route: AdminRoute, _ values: [String: String] = [:], query: [(name: String, value: String)] = [],
        body: (any Encodable)? = nil
    ) async throws(ClientError) -> R {
        try await caller.call(
            HTTPMethod(rawValue: route.method.rawValue), route.path(values, query: query), body: body,
            timeout: .minutes(10))
    }

    // MARK: Models

    package func models() async throws -> [ModelDTO] { try await call(AdminRoutes.models) }

    package func model(_ name: String) async throws -> ModelDTO {
        try await call(AdminRoutes.model, ["model": name])
    }

    package func version(_ reference: ModelReference) async throws -> VersionDTO {
        try await call(AdminRoutes.version, ["reference": "\(reference)"])
    }

    package func deleteVersion(_ reference: ModelReference) async throws -> VersionDTO {
        try await call(AdminRoutes.deleteVersion, ["reference": "\(reference)"])
    }

    package func history(of model: String) async throws -> HistoryDTO {
        try await call(AdminRoutes.history, ["model": model])
    }

    package func setAlias(_ alias: String, of model: String, to version: Int?) async throws -> [AliasDTO] {
        let values = ["model": model, "alias": alias]
        guard let version else { return try await call(AdminRoutes.removeAlias, values) }
        return try await call(AdminRoutes.setAlias, values, body: AliasRequest(version: version))
    }

    package func collectGarbage(keep: Int?) async throws -> GarbageDTO {
        try await call(AdminRoutes.collectGarbage, query: keep.map { [("keep", String($0))] } ?? [])
    }

    // MARK: Operations

    /// Waits until an operation has ended.
    ///
    /// - Throws: ``ClientError`` `refused` with the operation's error when it failed.
    package func wait(
        for operation: OperationDTO, progress: @Sendable (Double) -> Void
    ) async throws -> OperationDTO {
        var current = operation
        while current.state == "running" {
            progress(current.progress)
            // The server holds the call until the operation ends or the seconds are over.
            current = try await call(AdminRoutes.operation, ["id": operation.id], query: [("wait", "1")])
        }
        guard current.state == "failed" else { return current }
        throw ClientError(
            code: .refused, category: current.error.flatMap { ErrorCategory(rawValue: $0.category) } ?? .internal,
            message: current.error?.error ?? "the \(current.kind) failed: see the server's log")
    }

    // MARK: Endpoints

    package func endpoints() async throws -> [EndpointDTO] { try await call(AdminRoutes.endpoints) }

    package func endpoint(_ name: String) async throws -> EndpointDTO {
        try await call(AdminRoutes.endpoint, ["endpoint": name])
    }

    package func deploy(_ request: DeployRequest, to endpoint: String) async throws -> EndpointDTO {
        try await call(AdminRoutes.deploy, ["endpoint": endpoint], body: request)
    }

    package func apply(_ request: EndpointSpecRequest, to endpoint: String) async throws -> EndpointDTO {
        try await call(AdminRoutes.applySpec, ["endpoint": endpoint], body: request)
    }

    package func promote(_ endpoint: String, version: ModelReference?) async throws -> EndpointDTO {
        try await call(
            AdminRoutes.promote, ["endpoint": endpoint], body: PromoteRequest(reference: version.map { "\($0)" }))
    }

    package func rollback(_ endpoint: String, to revision: Int?) async throws -> EndpointDTO {
        try await call(AdminRoutes.rollback, ["endpoint": endpoint], body: RollbackRequest(revision: revision))
    }

    package func undeploy(_ endpoint: String) async throws -> EndpointDTO {
        try await call(AdminRoutes.undeploy, ["endpoint": endpoint])
    }

    package func revisions(of endpoint: String, at: Timestamp?) async throws -> [RevisionDTO] {
        try await call(
            AdminRoutes.revisions, ["endpoint": endpoint], query: at.map { [("at", "\($0)")] } ?? [])
    }

    package func replicas() async throws -> [ReplicaDTO] { try await call(AdminRoutes.replicas) }

    // MARK: Tokens

    package func tokens() async throws -> [TokenDTO] { try await call(AdminRoutes.tokens) }

    package func createToken(_ request: TokenRequest) async throws -> CreatedTokenDTO {
        try await call(AdminRoutes.createToken, body: request)
    }

    package func revokeToken(_ id: String) async throws {
        let route = AdminRoutes.revokeToken
        _ = try await caller.call(HTTPMethod(rawValue: route.method.rawValue), route.path(["id": id]))
    }
}
