// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import NIOCore
import SlipwayControl
import SlipwayCore
import SlipwaySecurity
import SlipwayWire

/// The admin API: each route of `AdminRoutes` calls the same function that a command calls.
struct AdminHandlers: Sendable {
    let admin: any AdminService
    let operations: OperationBook
    /// Folder for uploads that are being received; removed after import.
    let uploads: String
    /// Files that are sent in pieces.
    let pieces: UploadFolder
    /// What happens now; `nil` where nothing is served.
    var live: (any LiveMonitor)?

    var routes: [Route] { models + versions + versionRoutes + uploadRoutes + endpoints + rest + monitoring }

    func mount(_ route: AdminRoute, _ handler: @escaping Route.Handler) -> Route {
        let documentation = Route.Documentation(
            summary: route.summary, tag: "Administration", query: route.query, request: .init(route.request),
            reply: .init(route.reply), status: route.status)
        let method = HTTPRequest.Method(rawValue: route.method.rawValue) ?? .get
        return Route(method, route.template, on: .admin, role: Role(rawValue: route.access.rawValue), documentation) {
            call in
            do {
                var reply = try await handler(call)
                reply.status = route.status
                return reply
            } catch {
                throw RemoteError.told(error, without: folders)
            }
        }
    }

    /// Folders of this machine that callers on others are not told of.
    var folders: [String] {
        let home = uploads.lastIndex(of: "/").map { String(uploads[..<$0]) }
        return [uploads] + (home.map { [$0] } ?? [])
    }

    // MARK: - Models

    private var models: [Route] {
        [
            mount(AdminRoutes.models) { _ in try .dto(await admin.models()) },
            mount(AdminRoutes.model) { try .dto(await admin.model($0["model"])) },
            mount(AdminRoutes.history) { try .dto(await admin.history(of: $0["model"])) },
            mount(AdminRoutes.setAlias) { call in
                let request = try await call.dto(AliasRequest.self)
                return try .dto(await admin.setAlias(call["alias"], of: call["model"], to: request.version))
            },
            mount(AdminRoutes.removeAlias) { try .dto(await admin.setAlias($0["alias"], of: $0["model"], to: nil)) },
            mount(AdminRoutes.collectGarbage) { call in
                var garbage = try await admin.collectGarbage(keep: try call.integerQuery("keep"))
                garbage.bytesFreed += try await removeOldUploads()
                return try .dto(garbage)
            },
        ]
    }

    private var versions: [Route] {
        [
            mount(AdminRoutes.uploadVersion, upload),
            mount(AdminRoutes.version) { try .dto(await admin.version(try ModelReference(parsing: $0["reference"]))) },
            mount(AdminRoutes.deleteVersion) {
                try .dto(await admin.deleteVersion(try ModelReference(parsing: $0["reference"])))
            },
        ]
    }

    /// Streams the body to disk and starts the import; small files are done before the reply.
    @Sendable private func upload(_ call: HTTPCall) async throws -> HTTPReply {
        let name = call.query("filename")?.split(separator: "/").last.map(String.init) ?? "model"
        let file = try await UploadedFile.receive(call.bodyStream, in: uploads)
        let request = ImportRequest(
            path: file.path, model: call["model"], alias: call.query("alias"), sourceName: name)
        let operation: OperationDTO
        do {
            operation = try operations.start("import") { progress in
                defer { file.remove() }
                do {
                    return try await admin.importModel(request, progress: progress)
                } catch {
                    throw RemoteError.told(error, without: folders)
                }
            }
        } catch {
            file.remove()
            throw error
        }
        return try .dto(try await wait(for: operation.id, until: .now + .milliseconds(200)))
    }

    // MARK: - Endpoints

    private var endpoints: [Route] {
        [
            mount(AdminRoutes.endpoints) { _ in try .dto(await admin.endpoints()) },
            mount(AdminRoutes.endpoint) { try .dto(await admin.endpoint($0["endpoint"])) },
            mount(AdminRoutes.revisions) { call in
                let at = try call.instantQuery("at")
                return try .dto(await admin.revisions(of: call["endpoint"], at: at))
            },
            mount(AdminRoutes.deploy) { call in
                let request = try await call.dto(DeployRequest.self)
                return try .dto(await admin.deploy(request, to: call["endpoint"]))
            },
            mount(AdminRoutes.applySpec) { call in
                let request = try await call.dto(EndpointSpecRequest.self)
                return try .dto(await admin.apply(request, to: call["endpoint"]))
            },
            mount(AdminRoutes.promote) { call in
                let version = try await call.dto(PromoteRequest.self).reference.map { try ModelReference(parsing: $0) }
                return try .dto(await admin.promote(call["endpoint"], version: version))
            },
            mount(AdminRoutes.rollback) { call in
                let request = try await call.dto(RollbackRequest.self)
                return try .dto(await admin.rollback(call["endpoint"], to: request.revision))
            },
            mount(AdminRoutes.undeploy) { try .dto(await admin.undeploy($0["endpoint"])) },
        ]
    }

    // MARK: - The rest

    private var rest: [Route] {
        [
            mount(AdminRoutes.replicas) { _ in try .dto(await admin.replicas()) },
            mount(AdminRoutes.operation) { call in
                let seconds = min(max(try call.integerQuery("wait") ?? 0, 0), 30)
                return try .dto(try await wait(for: call["id"], until: .now + .seconds(seconds)))
            },
            mount(AdminRoutes.tokens) { _ in try .dto(await admin.tokens()) },
            mount(AdminRoutes.createToken) { try .dto(await admin.createToken(try await $0.dto(TokenRequest.self))) },
            mount(AdminRoutes.revokeToken) { call in
                try await admin.revokeToken(call["id"])
                return .empty
            },
        ]
    }

    /// The operation when it has ended, or as it is at `end`.
    func wait(for id: String, until end: ContinuousClock.Instant) async throws -> OperationDTO {
        var operation = try operations.operation(id)
        while operation.state == "running", ContinuousClock.now < end {
            try await Task.sleep(for: .milliseconds(10))
            operation = try operations.operation(id)
        }
        return operation
    }
}

extension HTTPReply {
    static func dto(_ value: some Encodable) throws -> HTTPReply { .json(try AdminJSON.encode(value)) }
}

extension HTTPCall {
    /// A query parameter that is `true` or `false`; `false` where it is not there.
    func flagQuery(_ name: String) throws(ServerError) -> Bool {
        guard let text = query(name) else { return false }
        guard let flag = ["true": true, "false": false][text] else {
            throw ServerError(.badParameter, "'\(name)' is neither true nor false")
        }
        return flag
    }

    /// A query parameter that must be an instant when it is there.
    func instantQuery(_ name: String) throws(ServerError) -> Timestamp? {
        guard let text = query(name) else { return nil }
        guard let instant = Timestamp(iso8601: text) else {
            throw ServerError(.badParameter, "'\(name)' is not an instant: write 2026-11-21T12:00:00Z")
        }
        return instant
    }

    func dto<T: Decodable>(_ type: T.Type) async throws -> T {
        let body = try await body()
        return try AdminJSON.decode(type, from: Array(body.bytes))
    }
}

extension Route.Content {
    fileprivate init(_ body: AdminRoute.Body) {
        switch body {
        case .none: self = .none
        case .json(let type): self = .json(type)
        case .bytes: self = .bytes
        case .events(let type): self = .media("text/event-stream", type)
        }
    }
}
