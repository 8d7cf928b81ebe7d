// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
package import SlipwayEngine

/// What every endpoint of a replica shares.
package struct ServingContext: Sendable {
    package let engines: [any InferenceEngine]
    package let source: any ModelSource
    package let configuration: ServingConfiguration
    package let report: @Sendable (ServingEvent) -> Void

    package init(
        engines: [any InferenceEngine], source: any ModelSource, configuration: ServingConfiguration,
        report: @escaping @Sendable (ServingEvent) -> Void
    ) {
        self.engines = engines
        self.source = source
        self.configuration = configuration
        self.report = report
    }

    /// The engine asked for by name.
    ///
    /// - Throws: ``ServingError`` `noEngine`, naming the ones there are.
    func engine(named name: String, for format: ModelFormat) throws -> any InferenceEngine {
        guard let engine = engines.first(where: { $0.name == name }) else {
            let known = engines.map(\.name).joined(separator: ", ")
            throw ServingError(
                code: .noEngine,
                message: "engine '\(name)' is not available here (available: \(known.isEmpty ? "none" : known)); "
                    + "run Scripts/bootstrap to fetch engines, slipway doctor to see them")
        }
        guard engine.capabilities.formats.contains(format) else {
            throw ServingError(
                code: .noEngine, message: "engine '\(name)' does not run the format \(format.displayName)")
        }
        return engine
    }
}
