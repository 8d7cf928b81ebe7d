// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayEngine
package import SlipwayRegistry
package import SlipwayWire

/// Removes what nothing needs any more.
package struct GarbageCollector: Sendable {
    let store: any MetadataStore
    let artifacts: any ArtifactStore
    /// What can be made again; `nil` where there is no such folder.
    let cache: HomeCache?
    /// Samples of imports; `nil` where none are kept.
    let samples: KeptSamples?

    package init(
        store: any MetadataStore, artifacts: any ArtifactStore, cache: HomeCache? = nil, samples: KeptSamples? = nil
    ) {
        self.store = store
        self.artifacts = artifacts
        self.cache = cache
        self.samples = samples
    }

    /// - Parameter keep: How many of the newest versions of each model stay in any case; `nil` keeps all versions.
    ///   Versions with an alias and versions that an endpoint needs always stay.
    package func run(keep: Int?) async throws -> GarbageDTO {
        if let keep, keep < 0 { throw ControlError(.invalidRequest, "keep is \(keep), expected 0 or more") }
        return try await artifacts.withExclusiveAccess {
            let versions = try await self.deleteVersions(keep: keep)
            let needed = try await self.store.referencedBlobs()
            // Check-outs before blobs: while a blob is there, a link to it frees nothing and counts as nothing.
            let bundles = try await self.bundles()
            var freed = try await self.artifacts.removeLeftovers(keeping: bundles)
            freed += try await self.sweep(keeping: bundles)
            var blobs = 0
            for blob in try await self.artifacts.blobs() where !needed.contains(blob.digest) {
                try await self.artifacts.remove(blob.digest)
                freed += blob.byteCount
                blobs += 1
            }
            return GarbageDTO(versions: versions, blobs: blobs, bytesFreed: freed)
        }
    }

    private func sweep(keeping bundles: Set<Digest>) async throws -> Int {
        let (cache, samples) = (cache, samples)
        return try await LoaderThread.run {
            (cache?.sweep(keeping: bundles) ?? 0) + (samples?.removeOthers(than: bundles) ?? 0)
        }
    }

    private func deleteVersions(keep: Int?) async throws -> [String] {
        guard let keep else { return [] }
        let deployed = Set(try await store.currentRevisions().flatMap { $0.spec?.versions ?? [] })
        var deleted: [String] = []
        for model in try await store.models() {
            let named = Set(try await store.aliases(of: model).map(\.version))
            for version in try await store.versions(of: model).dropLast(keep)
            where !named.contains(version.id.number) && !deployed.contains(version.id) {
                try await store.delete(version.id)
                deleted.append(version.id.description)
            }
        }
        return deleted
    }

    private func bundles() async throws -> Set<Digest> {
        var digests: Set<Digest> = []
        for model in try await store.models() {
            digests.formUnion(try await store.versions(of: model).map(\.digest))
        }
        return digests
    }
}
