// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayServing
import SlipwayWire

/// Deploys and undeploys endpoints, and waits until this replica has followed.
struct EndpointControl: Sendable {
    let service: InferenceService
    let admin: any AdminService
    /// How long a change may take before the call gives up waiting for it.
    static let patience: Duration = .seconds(600)

    /// Whether an endpoint is served, or is to be.
    func isWanted(_ name: String) -> Bool { status(name).map { $0.serving != nil || $0.wanted != nil } ?? false }

    func status(_ name: String) -> EndpointStatus? { service.statuses().first { $0.endpoint == name } }

    /// Deploys a version and waits until it answers.
    ///
    /// - Throws: ``ServingError`` `outOfMemory` when it does not fit, ``ServerError`` `badBody` when it cannot be
    ///   loaded for another reason; it stays deployed then.
    func deploy(_ reference: String, to name: String, _ cancellation: CancellationFlag) async throws {
        let deployed = try await admin.deploy(DeployRequest(reference: reference), to: name)
        try await settle(name, revision: deployed.revision.number, cancellation)
    }

    /// Waits until this replica serves the revision, or knows that it cannot; has a cold endpoint loaded.
    ///
    /// - Throws: As ``deploy(_:to:_:)``.
    func settle(_ name: String, revision: Int, _ cancellation: CancellationFlag) async throws {
        try await waitUntil {
            guard let status = status(name), status.revision >= revision else { return false }
            return status.serving == status.wanted || status.isCold || status.state == "failed"
        }
        let endpoint = try service.endpoint(name)
        if let status = status(name), status.isCold {
            _ = try await endpoint.readyVersion(nil, until: .now + Self.patience, cancellation)
            return
        }
        do {
            _ = try endpoint.version(nil)
        } catch {
            guard error.code == .notReady else { throw error }
            throw ServerError(.badBody, "failed to load '\(name)': \(status(name)?.message ?? error.message)")
        }
    }

    /// Undeploys an endpoint and waits until nothing of it is served.
    func undeploy(_ name: String) async throws {
        _ = try await admin.undeploy(name)
        try await waitUntil { !isWanted(name) }
    }

    private func waitUntil(_ condition: () -> Bool) async throws {
        let end = ContinuousClock.now + Self.patience
        while !condition() {
            guard ContinuousClock.now < end else {
                throw ServerError(.unfinished, "the change was accepted and is not finished: ask again later")
            }
            try await Task.sleep(for: .milliseconds(5))
        }
    }
}
