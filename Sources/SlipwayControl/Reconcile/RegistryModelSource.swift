// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
package import SlipwayEngine
package import SlipwayRegistry
package import SlipwayServing

/// Gives Serving the versions of a registry.
package struct RegistryModelSource: ModelSource {
    let store: any MetadataStore
    let artifacts: any ArtifactStore

    package init(store: any MetadataStore, artifacts: any ArtifactStore) {
        self.store = store
        self.artifacts = artifacts
    }

    package func resolve(_ version: VersionID) async throws -> ResolvedVersion {
        let record = try await record(version)
        let draft = record.draft
        var resolved = ResolvedVersion(
            id: version, digest: draft.digest, format: draft.format, engine: draft.engine,
            labels: ClassLabelFacts.read(draft.metadata), byteCount: record.byteCount)
        resolved.cacheBytesPerToken = GGUFCard.cacheBytesPerToken(draft.metadata)
        resolved.trainedContext = GGUFCard.trainedContext(draft.metadata)
        return resolved
    }

    package func fetch(_ version: ResolvedVersion) async throws -> String {
        try await artifacts.checkOut(try await record(version.id).draft.files, bundle: version.digest)
    }

    /// Reads the file again, as at import: its signature must be the one that was registered.
    package func verify(_ version: ResolvedVersion, in folder: String) async throws -> ModelBundle {
        let draft = try await record(version.id).draft
        let path = folder + "/" + draft.primaryPath
        let found = try await LoaderThread.run { try InspectedModel.signature(of: draft.format, at: path) }
        // What only the engine can tell, it tells again when it loads; the blobs' digests were checked.
        guard found ?? draft.signature == draft.signature else {
            throw ControlError(
                .changedOnDisk,
                "the stored file of \(version.id) has another signature than was registered: import it again")
        }
        return ModelBundle(format: draft.format, path: path, signature: draft.signature)
    }

    private func record(_ id: VersionID) async throws -> VersionRecord {
        guard let record = try await store.version(id) else { throw RegistryError.noSuchVersion(id, known: []) }
        return record
    }
}
