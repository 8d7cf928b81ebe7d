// SPDX-License-Identifier: Apache-2.0

import SlipwayControl
import SlipwayCore
import SlipwayServing
import SlipwayWire

/// V2 repository control over every protocol: what may be loaded, load, unload.
///
/// Whoever can infer cannot control: load and unload are refused unless the server was started with
/// `--repository-control`.
struct RepositoryControl: Sendable {
    let service: InferenceService
    let admin: any AdminService
    let allowsControl: Bool
    private let endpoints: EndpointControl

    init(service: InferenceService, admin: any AdminService, allowsControl: Bool) {
        self.service = service
        self.admin = admin
        self.allowsControl = allowsControl
        endpoints = EndpointControl(service: service, admin: admin)
    }

    /// Models of the registry and their states, by name.
    func index(onlyReady: Bool) async throws -> [V2RepositoryEntry] {
        let served = service.statuses().filter { $0.serving != nil || $0.wanted != nil }
        var entries = served.map(\.repositoryEntry)
        for model in try await admin.models() where !served.contains(where: { $0.endpoint == model.name }) {
            entries.append(
                V2RepositoryEntry(
                    name: model.name, version: model.versions.first?.version, state: .unavailable,
                    reason: "unloaded"))
        }
        if onlyReady { entries.removeAll { $0.state != .ready } }
        return entries.sorted { $0.name < $1.name }
    }

    /// Deploys a model's newest version, or with `config` what that asks for, and waits until it answers.
    ///
    /// - Parameter parameters: `config` holds Triton's ModelConfig as JSON.
    func load(
        _ model: String, _ parameters: [String: ParameterValue], _ cancellation: CancellationFlag
    ) async throws {
        try checkAllowed()
        for name in parameters.keys where name != "config" && name != "unload_dependents" {
            throw ServerError(
                .badParameter,
                name.hasPrefix("file:")
                    ? "loading with files is not supported: import the model instead"
                    : "unknown parameter '\(name.prefix(100))': there are config and unload_dependents")
        }
        let revision: Int
        switch parameters["config"] {
        case nil: revision = try await admin.deploy(DeployRequest(reference: model), to: model).revision.number
        case .string(let json)?:
            revision = try await ConfigOverrideLoad.run(model, json: json, admin: admin).revision.number
        default: throw ServerError(.badParameter, "the parameter 'config' is not text")
        }
        try await endpoints.settle(model, revision: revision, cancellation)
    }

    /// Imports and deploys the models of a TensorFlow Serving configuration, and undeploys every other endpoint.
    ///
    /// - Returns: What went wrong, a sentence each; models without a fault are served all the same.
    func reload(_ configuration: TensorFlowServerConfiguration) async throws -> [String] {
        try checkAllowed()
        let models = TensorFlowServingConfig.models(of: configuration)
        let report = await RepositoryImport(admin: admin, deploys: true, allowsSignatureChange: false)
            .run(models) { _ in }
        let named = Set(models.map(\.name))
        for endpoint in try await admin.endpoints()
        where endpoint.revision.spec != nil && !named.contains(endpoint.name) {
            try await endpoints.undeploy(endpoint.name)
        }
        return report.models.flatMap { model in model.errors.map { "\(model.name): \($0)" } }
    }

    /// Undeploys an endpoint and waits until it is gone.
    func unload(_ model: String) async throws {
        try checkAllowed()
        // Who unloads twice has what it wants.
        if let last = try await admin.revisions(of: model, at: nil).last, last.spec == nil { return }
        try await endpoints.undeploy(model)
    }

    func checkAllowed() throws(ServerError) {
        guard allowsControl else {
            throw ServerError(
                .forbidden,
                "model control is off on the inference port: use the admin port, or start with --repository-control")
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
