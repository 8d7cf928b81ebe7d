// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
package import SlipwayWire

/// Loads a model with a configuration of the caller's, as Triton's repository protocol has it.
package enum ConfigOverrideLoad {
    /// Deploys the versions that the configuration's policy names, the newest one without, with its settings.
    ///
    /// - Parameters:
    ///   - model: The model's name, which is the endpoint's.
    ///   - json: A ModelConfig as JSON.
    /// - Throws: `ControlError` `invalidRequest` that names every setting that cannot be overridden here; errors of
    ///   `admin`.
    package static func run(_ model: String, json: String, admin: any AdminService) async throws -> EndpointDTO {
        let config = try TritonModelConfig.parse(json: Array(json.utf8), source: "config")
        let known = try await admin.model(model)
        let (chosen, missing) = (config.versionPolicy ?? .latest(1)).choose(from: known.versions.map(\.version))
        guard missing.isEmpty else {
            let list = missing.prefix(10).map(String.init).joined(separator: ", ")
            throw ControlError(.notFound, "the version policy names \(list), which '\(model)' does not have")
        }
        let versions = known.versions.filter { chosen.contains($0.version) }
        try check(config, model: model, versions: versions)
        let current = try await EndpointInForce.find(model, admin)
        guard var spec = ServedVersions.spec(versions.map(\.id).sorted(), current: current?.spec) else {
            throw ControlError(.notFound, "the model '\(model)' has no versions")
        }
        ModelConfigOverride(config).apply(to: &spec)
        return try await admin.apply(
            EndpointSpecRequest(spec: spec, expectedRevision: current?.revision ?? 0), to: model)
    }

    private static func check(_ config: TritonModelConfig, model: String, versions: [VersionDTO]) throws(ControlError) {
        var problems: [String] = (config.obstacles + config.ignored).map(\.description)
        if let name = config.name, name != model { problems.append("name: the model is called '\(model)'") }
        if config.outputs.contains(where: { $0.labelFile != nil }) {
            problems.append("label_filename: class names come with the import of a version")
        }
        if let file = config.modelFile, !versions.allSatisfy({ $0.files.contains { $0.path == file } }) {
            problems.append("default_model_filename: the version's file has its own name")
        }
        for version in versions {
            for mismatch in ModelConfigOverride(config).mismatches(with: version.signature)
            where !problems.contains(mismatch) {
                problems.append(mismatch)
            }
        }
        guard problems.isEmpty else {
            throw ControlError(
                .invalidRequest,
                "'\(model)' cannot be loaded with this config: \(problems.prefix(20).joined(separator: "; "))")
        }
    }
}
