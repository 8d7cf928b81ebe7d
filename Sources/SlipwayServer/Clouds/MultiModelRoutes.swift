// SPDX-License-Identifier: Apache-2.0

import Glibc
import HTTPTypes
import NIOCore
import SlipwayCore
import SlipwayServing
import SlipwayWire
import Synchronization

/// Amazon SageMaker's contract for a container that loads and unloads models as the platform asks.
///
/// A model that does not fit into memory is answered 507: the platform then unloads another and asks again.
struct MultiModelRoutes: Sendable {
    /// The folders that models may be loaded from.
    let roots: [String]
    let invocations: Invocations
    let control: EndpointControl
    private let book = LoadedModels()

    init(roots: [String], invocations: Invocations, control: EndpointControl) {
        self.roots = roots
        self.invocations = invocations
        self.control = control
    }

    var routes: [Route] {
        [
            Route(
                .post, "/models",
                documentation(
                    "Loads the model in a folder of the container.", request: .json("LoadModelRequest"),
                    reply: .json("TorchServeStatus")
                ).failing(409), load),
            Route(
                .get, "/models",
                Route.Documentation(
                    summary: "The models that are loaded.", tag: "SageMaker", query: ["limit", "next_page_token"],
                    reply: .json("ModelPage")), list),
            Route(.get, "/models/{model}", documentation("One model.", reply: .json("ModelEntry")), describe),
            Route(
                .delete, "/models/{model}", documentation("Unloads a model.", reply: .json("TorchServeStatus")),
                unload),
            Route(
                .post, "/models/{model}/invoke",
                documentation(
                    "Inference by a model.", request: Invocations.documentationBody,
                    reply: Invocations.documentationReply
                ).failing(406, 415)
            ) { call in try await invocations.answer(call, endpoint: call["model"]) },
        ]
    }

    private func documentation(
        _ summary: String, request: Route.Content = .none, reply: Route.Content
    ) -> Route.Documentation {
        Route.Documentation(summary: summary, tag: "SageMaker", request: request, reply: reply)
    }

    // MARK: - Loading

    @Sendable private func load(_ call: HTTPCall) async throws -> HTTPReply {
        let body = try await call.body()
        let request = try body.withUnsafeReadableBytes { try LoadModelRequest($0) }
        try ModelReference.checkName(request.name)
        let file = try model(request)
        guard book.begin(request.name) else { return Self.loadedAlready(request.name) }
        defer { book.ended(request.name) }
        guard !control.isWanted(request.name) else { return Self.loadedAlready(request.name) }
        book.note(request.name, url: request.url)
        do {
            let made = try await control.admin.importModel(
                ImportRequest(path: file, model: request.name), progress: { _ in })
            try await control.deploy(
                "\(request.name):\(made.version.version)", to: request.name, call.cancellation)
        } catch {
            // Nothing is left that the platform does not know of.
            try? await control.undeploy(request.name)
            book.forget(request.name)
            throw error
        }
        return .json(TorchServeReplies.status("Model \"\(request.name)\" loaded"))
    }

    /// The file to import, which must lie in one of the folders, whatever links lead where.
    private func model(_ request: LoadModelRequest) throws -> String {
        let path = request.url.hasPrefix("file://") ? String(request.url.dropFirst(7)) : request.url
        guard path.hasPrefix("/"), let real = Self.resolved(path) else {
            throw ServerError(.notFound, "there is no such folder: 'url' is to be a path of this container")
        }
        let isInside = roots.compactMap(Self.resolved).contains { real == $0 || real.hasPrefix($0 + "/") }
        guard isInside else {
            throw ServerError(
                .badParameter, "models are loaded from \(roots.joined(separator: ", ")) alone: 'url' lies elsewhere")
        }
        guard let found = try ContainerModel.find(in: real, name: request.name) else {
            throw ServerError(.notFound, "the folder holds no model")
        }
        // A link inside the folder may lead out of it.
        guard let file = Self.resolved(found.path), file == real || file.hasPrefix(real + "/") else {
            throw ServerError(.badParameter, "the folder's model is a link that leads elsewhere: copy the file")
        }
        return file
    }

    /// The path without links and dots; `nil` when it leads nowhere.
    private static func resolved(_ path: String) -> String? {
        guard let real = realpath(path, nil) else { return nil }
        defer { free(real) }
        return String(cString: real)
    }

    // MARK: - What is loaded

    @Sendable private func list(_ call: HTTPCall) async throws -> HTTPReply {
        let page = try ModelPage(
            of: entries, limit: try call.integerQuery("limit"), token: call.query("next_page_token"))
        return .json(page.encode())
    }

    @Sendable private func describe(_ call: HTTPCall) async throws -> HTTPReply {
        guard let entry = entries.first(where: { $0.name == call["model"] }) else { throw Self.unknown(call) }
        return .json(entry.encode())
    }

    @Sendable private func unload(_ call: HTTPCall) async throws -> HTTPReply {
        let name = call["model"]
        guard control.isWanted(name) else { throw Self.unknown(call) }
        try await control.undeploy(name)
        book.forget(name)
        return .json(TorchServeReplies.status("Model \"\(name)\" unloaded"))
    }

    private var entries: [ModelPage.Entry] {
        invocations.service.statuses().filter { $0.serving != nil || $0.wanted != nil }.map { status in
            ModelPage.Entry(name: status.endpoint, url: book.url(of: status.endpoint) ?? "")
        }
    }

    private static func loadedAlready(_ name: String) -> HTTPReply {
        .json(ErrorTable.body(message: "model '\(name)' is loaded already"), status: 409)
    }

    private static func unknown(_ call: HTTPCall) -> ServerError {
        ServerError(.notFound, "unknown model: '\(call["model"])' is not loaded")
    }
}

/// Which models the platform is having loaded, and from where it had others loaded.
///
/// Whether a model is loaded still is the endpoints' to tell: it may have gone another way than it came.
private final class LoadedModels: Sendable {
    private struct State {
        var loading: Set<String> = []
        var urls: [String: String] = [:]
    }

    private let state = Mutex(State())

    /// Begins a load; `false` when one of the name is under way.
    func begin(_ name: String) -> Bool { state.withLock { $0.loading.insert(name).inserted } }

    /// Ends a load, whatever came of it.
    func ended(_ name: String) { _ = state.withLock { $0.loading.remove(name) } }

    func note(_ name: String, url: String) { state.withLock { $0.urls[name] = url } }

    func forget(_ name: String) { _ = state.withLock { $0.urls.removeValue(forKey: name) } }

    func url(of name: String) -> String? { state.withLock { $0.urls[name] } }
}
