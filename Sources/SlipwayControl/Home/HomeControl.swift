// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
package import SlipwayEngine
package import SlipwayRegistry
import SlipwaySecurity
package import SlipwayWire

/// Administration of the registry that is opened here: what commands and admin routes call.
package struct HomeControl: AdminService {
    package let store: any MetadataStore
    package let artifacts: any ArtifactStore
    let engines: [any InferenceEngine]
    let clock: @Sendable () -> Timestamp
    let changes = ChangeQueue()
    /// What administration of monitoring works on.
    package var monitoring = MonitoringParts()
    /// The home's folder for what can be made again; `nil` for one that lies in memory.
    package var cache: HomeCache?
    /// Where samples of imports are kept; `nil` to keep none.
    package var samples: KeptSamples?

    package init(
        store: any MetadataStore, artifacts: any ArtifactStore, engines: [any InferenceEngine],
        clock: @escaping @Sendable () -> Timestamp
    ) {
        self.store = store
        self.artifacts = artifacts
        self.engines = engines
        self.clock = clock
    }

    var registry: Registry { Registry(store: store) }

    // MARK: - Models

    package func models() async throws -> [ModelDTO] {
        var models: [ModelDTO] = []
        for name in try await store.models() { models.append(try await model(name)) }
        return models
    }

    package func model(_ name: String) async throws -> ModelDTO {
        let versions = try await store.versions(of: name)
        guard !versions.isEmpty else {
            let known = try await store.models().joined(separator: ", ")
            throw RegistryError(.notFound, "there is no model '\(name)', there are [\(known)]")
        }
        let aliases = try await store.aliases(of: name)
        return ModelDTO(
            name: name, versions: versions.reversed().map { VersionDTO($0, aliases: aliases) },
            aliases: aliases.map { AliasDTO(alias: $0.alias, version: $0.version) })
    }

    package func version(_ reference: ModelReference) async throws -> VersionDTO {
        let record = try await registry.resolve(reference)
        return VersionDTO(record, aliases: try await store.aliases(of: reference.name))
    }

    package func importModel(
        _ request: ImportRequest, progress: @escaping @Sendable (Double) -> Void
    ) async throws -> ImportDTO {
        var importer = ModelImporter(store: store, artifacts: artifacts, engines: engines)
        if let cache { importer.scratch = cache.scratch }
        importer.samples = samples
        let result = try await importer.run(request, progress: progress)
        let aliases = try await store.aliases(of: request.model)
        return ImportDTO(
            version: VersionDTO(result.record, aliases: aliases), isNew: result.isNew, notes: result.notes,
            report: result.report)
    }

    package func deleteVersion(_ reference: ModelReference) async throws -> VersionDTO {
        let version = try await version(reference)
        try await store.delete(version.id)
        return version
    }

    package func setAlias(_ alias: String, of model: String, to version: Int?) async throws -> [AliasDTO] {
        try await store.setAlias(alias, of: model, to: version)
        return try await store.aliases(of: model).map { AliasDTO(alias: $0.alias, version: $0.version) }
    }

    package func collectGarbage(keep: Int?) async throws -> GarbageDTO {
        try await GarbageCollector(store: store, artifacts: artifacts, cache: cache, samples: samples).run(
            keep: keep)
    }

    package func history(of model: String) async throws -> HistoryDTO {
        let imports = try await self.model(model).versions.map { version in
            EventDTO(
                at: version.createdAt, kind: "imported",
                text: "\(version.id) from \(version.source.name) \(version.digest)")
        }
        let moves = try await store.aliasHistory(of: model).map { event in
            EventDTO(
                at: event.at, kind: "alias",
                text: "\(event.alias): \(event.from.map(String.init) ?? "-") -> \(event.to.map(String.init) ?? "-")")
        }
        var deployments: [EventDTO] = []
        for endpoint in try await store.currentRevisions() {
            deployments += Self.deployments(try await store.revisions(of: endpoint.endpoint), of: model)
        }
        // A sort by time alone would shuffle what happened within one millisecond.
        let events = (imports.reversed() + moves + deployments).enumerated()
            .sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }.map(\.element)
        return HistoryDTO(model: model, events: events)
    }

    /// The revisions of an endpoint that needs a version of `model`, before or after.
    private static func deployments(_ revisions: [EndpointRevision], of model: String) -> [EventDTO] {
        var before: EndpointSpec?
        var events: [EventDTO] = []
        for revision in revisions {
            let after = revision.spec
            if [before, after].contains(where: { $0?.versions.contains { $0.model == model } == true }) {
                events.append(
                    EventDTO(
                        at: revision.createdAt, kind: "endpoint",
                        text: "\(revision.endpoint) revision \(revision.number) (\(revision.reason)): "
                            + "\(before?.routeText ?? "-") -> \(after?.routeText ?? "-")"))
            }
            before = after
        }
        return events
    }
}
