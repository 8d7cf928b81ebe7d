// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
import SlipwayEngine
import SlipwayMonitoring
package import SlipwayRegistry
package import SlipwayWire

extension HomeControl {
    package func deploy(_ request: DeployRequest, to endpoint: String) async throws -> EndpointDTO {
        try ModelReference.checkName(endpoint)
        let version = try await registry.resolve(try ModelReference(parsing: request.reference)).id
        return try await change(endpoint, allowsSignatureChange: request.allowSignatureChange ?? false) { current in
            try EndpointDeployment(endpoint: endpoint, current: current).deploy(version, request)
        }
    }

    package func promote(_ endpoint: String, version: ModelReference?) async throws -> EndpointDTO {
        let current = try await revisionInForce(endpoint)
        guard current != nil else {
            throw RegistryError.noSuchEndpoint(endpoint, known: try await store.currentRevisions().map(\.endpoint))
        }
        var id: VersionID?
        if let version { id = try await registry.resolve(version).id }
        let promoted = id
        // A version that is in the endpoint was let in already.
        return try await change(endpoint, allowsSignatureChange: true) { current in
            try EndpointDeployment(endpoint: endpoint, current: current).promote(promoted)
        }
    }

    package func apply(_ request: EndpointSpecRequest, to endpoint: String) async throws -> EndpointDTO {
        let revision = try await apply(
            request.spec, to: endpoint, expected: request.expectedRevision, reason: "apply",
            allowSignatureChange: request.allowSignatureChange)
        return EndpointDTO(revision, replicas: try await liveReplicas())
    }

    /// Makes a whole spec the desired state.
    ///
    /// - Parameters:
    ///   - expected: The revision that must be in force, 0 for none; `nil` to replace whatever is.
    ///   - reason: What history tells: `apply`, `rollout 2 of 4: 25%`.
    /// - Throws: `ControlError` `invalidRequest` or `signatureChange` with everything that is wrong, `RegistryError`
    ///   `conflict` when another revision is in force.
    @discardableResult
    package func apply(
        _ spec: EndpointSpec, to endpoint: String, expected: Int?, reason: String, allowSignatureChange: Bool
    ) async throws -> EndpointRevision {
        try ModelReference.checkName(endpoint)
        return try await changes.run {
            let make = { (_: EndpointSpec?) in EndpointDeployment.Change(spec: spec, reason: reason) }
            if let expected {
                return try await append(
                    endpoint, expected: expected, allowsSignatureChange: allowSignatureChange, make)
            }
            return try await RevisionRetry.run {
                try await append(endpoint, allowsSignatureChange: allowSignatureChange, make)
            }
        }
    }

    // MARK: - Shared

    /// Makes a change of what is in force.
    private func change(
        _ endpoint: String, allowsSignatureChange: Bool, _ make: (EndpointSpec?) throws -> EndpointDeployment.Change
    ) async throws -> EndpointDTO {
        let revision = try await changes.run {
            try await RevisionRetry.run {
                try await append(endpoint, allowsSignatureChange: allowsSignatureChange, make)
            }
        }
        return EndpointDTO(revision, replicas: try await liveReplicas())
    }

    /// Appends the changed spec.
    ///
    /// - Throws: `RegistryError` `conflict` when another revision than `expected` is in force, or somebody else makes
    ///   one at the same time.
    private func append(
        _ endpoint: String, expected: Int? = nil, allowsSignatureChange: Bool,
        _ make: (EndpointSpec?) throws -> EndpointDeployment.Change
    ) async throws -> EndpointRevision {
        let current = try await revisionInForce(endpoint)
        let number = current?.number ?? 0
        if let expected, expected != number {
            throw RegistryError.revisionConflict(endpoint, expected: expected, current: number)
        }
        let change = try make(current?.spec)
        try await check(
            change.spec, for: endpoint, inForce: current?.spec, allowsSignatureChange: allowsSignatureChange)
        return try await store.appendRevision(
            of: endpoint, spec: change.spec, reason: change.reason, expected: number)
    }

    private func revisionInForce(_ endpoint: String) async throws -> EndpointRevision? {
        try await store.currentRevisions().first { $0.endpoint == endpoint }
    }

    private func check(
        _ spec: EndpointSpec, for endpoint: String, inForce: EndpointSpec?, allowsSignatureChange: Bool
    ) async throws {
        var records: [VersionID: VersionRecord] = [:]
        // A spec that is too long is refused by the check without them.
        for id in spec.versions.prefix(4 * EndpointCheck.maximumEntries) { records[id] = try await store.version(id) }
        let fallbacks = spec.monitoring.guards.prefix(EndpointCheck.maximumEntries).compactMap(\.fallback)
        for id in fallbacks where records[id] == nil { records[id] = try await store.version(id) }
        var signatures = records.mapValues(\.draft.signature)
        if let primary = inForce?.primary, signatures[primary] == nil {
            signatures[primary] = try await store.version(primary)?.draft.signature
        }
        let language = records.filter { $0.value.draft.format.isLanguage }.keys
        var check = EndpointCheck(
            signatures: signatures, languageVersions: Set(language), inForce: inForce,
            allowsSignatureChange: allowsSignatureChange)
        check.columns = try await profiledColumns(of: records.keys.sorted(), for: spec)
        check.receivers = monitoring.receivers
        let problems = check.problems(in: spec)
        guard problems.isEmpty else { throw ControlError.refused(problems, endpoint: endpoint) }
        for record in records.values.sorted(by: { $0.id < $1.id }) { try checkRunnable(record, spec) }
    }

    /// Features and outputs of the versions that have a profile; `nil` when no rule names any.
    private func profiledColumns(
        of versions: [VersionID], for spec: EndpointSpec
    ) async throws -> [VersionID: [String]]? {
        guard let store = monitoring.store, spec.monitoring.rules.contains(where: { !$0.subjects.isEmpty }) else {
            return nil
        }
        var columns: [VersionID: [String]] = [:]
        for version in versions {
            guard let profile = try await store.profile(of: version) else { continue }
            columns[version] = (profile.features + profile.outputs).map(\.name)
        }
        return columns
    }

    /// Refuses an engine or a device that is known here not to work; without engines here, replicas find out.
    private func checkRunnable(_ version: VersionRecord, _ spec: EndpointSpec) throws {
        guard !engines.isEmpty else { return }
        let name = spec.engine ?? version.draft.engine
        guard let engine = engines.first(where: { $0.name == name }) else {
            let known = engines.map(\.name).joined(separator: ", ")
            throw ControlError(.invalidRequest, "there is no engine '\(name)' here, there are [\(known)]")
        }
        guard engine.capabilities.devices.contains(spec.device) else {
            let known = engine.capabilities.devices.joined(separator: ", ")
            throw ControlError(
                .invalidRequest, "engine '\(name)' has no device '\(spec.device)' here, it has [\(known)]")
        }
        let precision = spec.precision ?? .f32
        guard engine.capabilities.precisions.contains(precision) else {
            let known = engine.capabilities.precisions.map(\.rawValue).joined(separator: ", ")
            throw ControlError(
                .invalidRequest,
                "engine '\(name)' does not compute in \(precision.rawValue), it has [\(known)]: leave out the "
                    + "precision, or name another engine")
        }
    }
}
