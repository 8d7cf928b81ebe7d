// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
package import SlipwayEngine
package import SlipwayServing

/// A source in which every version exists, unless the script says otherwise.
package struct ScriptedSource: ModelSource {
    /// Runs at the start of `resolve`, `fetch` and `verify`; what it throws, the step throws.
    package typealias Step = @Sendable (VersionLifecycle.Step, VersionID) async throws -> Void

    private let engine: String
    private let format: ModelFormat
    private let step: Step

    package init(engine: String = "scripted", format: ModelFormat = .onnx, step: @escaping Step = { _, _ in }) {
        self.engine = engine
        self.format = format
        self.step = step
    }

    package func resolve(_ version: VersionID) async throws -> ResolvedVersion {
        try await step(.resolve, version)
        let digest = Digest(bytes: (0..<32).map { UInt8(truncatingIfNeeded: version.number &+ $0) })
        return ResolvedVersion(id: version, digest: digest, format: format, engine: engine, labels: [:], byteCount: 0)
    }

    package func fetch(_ version: ResolvedVersion) async throws -> String {
        try await step(.fetch, version.id)
        return "/nowhere/\(version.id.model)"
    }

    package func verify(_ version: ResolvedVersion, in folder: String) async throws -> ModelBundle {
        try await step(.verify, version.id)
        return ModelBundle(
            format: version.format, path: "\(folder)/\(version.id.number)", signature: ScriptedModel.oneColumn)
    }
}
