// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import NIOCore
import SlipwayCore
import SlipwayServing
import SlipwayWire

/// V2 repository control: what may be loaded, load, unload.
///
/// Whoever can infer cannot control: load and unload answer 403 unless the server was started with
/// `--repository-control`.
struct RepositoryRoutes: Sendable {
    let service: InferenceService
    let admin: any AdminService
    let allowsControl: Bool
    /// How long a load may take before the call gives up waiting for it.
    static let patience: Duration = .seconds(600)

    var routes: [Route] {
        let documentation = { (summary: String) in
            Route.Documentation(summary: summary, tag: "Model repository", request: .json("RepositoryRequest"))
        }
        return ["/v2/repository", "/v2/repository/{repository}"].flatMap { prefix in
            [
                Route(.post, prefix + "/index", documentation("Models of the registry and their states."), index),
                Route(.post, prefix + "/models/{model}/load", documentation("Deploys a model's newest version."), load),
                Route(.post, prefix + "/models/{model}/unload", documentation("Undeploys an endpoint."), unload),
            ]
        }
    }

    @Sendable private func index(_ call: HTTPCall) async throws -> HTTPReply {
        let body = try await call.body()
        let onlyReady = try body.withUnsafeReadableBytes { try V2ControlRequests.decodeIndex($0) }
        let served = service.statuses().filter { $0.serving != nil || $0.wanted != nil }
        var entries = served.map(\.repositoryEntry)
        for model in try await admin.models() where !served.contains(where: { $0.endpoint == model.name }) {
            entries.append(
                V2RepositoryEntry(
                    name: model.name, version: model.versions.first?.version, state: .unavailable,
                    reason: "unloaded"))
        }
        if onlyReady { entries.removeAll { $0.state != .ready } }
        return .json(V2RepositoryEntry.encode(entries.sorted { $0.name < $1.name }))
    }

    @Sendable private func load(_ call: HTTPCall) async throws -> HTTPReply {
        try checkAllowed()
        let parameters = try await parameters(call)
        guard parameters.keys.allSatisfy({ $0 == "unload_dependents" }) else {
            throw ServerError(
                .badParameter, "loading with files or a config override is not supported: import the model instead")
        }
        let model = call["model"]
        let deployed = try await admin.deploy(DeployRequest(reference: model), to: model)
        try await settle(model, revision: deployed.revision.number, call.cancellation)
        return .empty
    }

    @Sendable private func unload(_ call: HTTPCall) async throws -> HTTPReply {
        try checkAllowed()
        _ = try await parameters(call)
        _ = try await admin.undeploy(call["model"])
        try await waitUntil { service.statuses().first { $0.endpoint == call["model"] }?.serving == nil }
        return .empty
    }

    private func checkAllowed() throws(ServerError) {
        guard allowsControl else {
            throw ServerError(
                .forbidden,
                "model control is off on the inference port: use the admin port, or start with --repository-control")
        }
    }

    private func parameters(_ call: HTTPCall) async throws -> [String: ParameterValue] {
        let body = try await call.body()
        return try body.withUnsafeReadableBytes { try V2ControlRequests.decodeParameters($0) }
    }

    /// Waits until this replica serves the revision, or knows that it cannot; has a cold endpoint loaded.
    private func settle(_ endpoint: String, revision: Int, _ cancellation: CancellationFlag) async throws {
        try await waitUntil {
            guard let status = service.statuses().first(where: { $0.endpoint == endpoint }),
                status.revision >= revision
            else { return false }
            return status.serving == status.wanted || status.isCold || status.state == "failed"
        }
        let status = service.statuses().first { $0.endpoint == endpoint }
        if let status, status.isCold {
            _ = try await service.endpoint(endpoint).readyVersion(nil, until: .now + Self.patience, cancellation)
        } else if let status, status.serving != status.wanted {
            throw ServerError(.badBody, "failed to load '\(endpoint)': \(status.message ?? status.state)")
        }
    }

    private func waitUntil(_ condition: () -> Bool) async throws {
        let end = ContinuousClock.now + Self.patience
        while !condition() {
            guard ContinuousClock.now < end else {
                throw ServerError(.unfinished, "the change was accepted and is not finished: see the repository index")
            }
            try await Task.sleep(for: .milliseconds(5))
        }
    }
}

extension EndpointStatus {
    /// Not in memory before somebody asks: loaded on demand, or evicted.
    var isCold: Bool { state == "cold" }

    fileprivate var repositoryEntry: V2RepositoryEntry {
        if let serving { return V2RepositoryEntry(name: endpoint, version: serving.number, state: .ready) }
        if isCold {
            return V2RepositoryEntry(
                name: endpoint, version: wanted?.number, state: .unavailable, reason: "cold: loaded by the next request"
            )
        }
        let state: V2RepositoryEntry.State =
            switch self.state {
            case "failed", "unloaded": .unavailable
            case "draining", "unloading": .unloading
            default: .loading
            }
        return V2RepositoryEntry(name: endpoint, version: wanted?.number, state: state, reason: message ?? "")
    }
}
