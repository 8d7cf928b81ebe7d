// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
package import SlipwayRegistry

/// Copies a registry into a folder that can be opened as a home itself.
package struct HomeBackup: Sendable {
    /// What a copy refers to.
    package struct Blobs: Sendable, Hashable {
        package let count: Int
        package let byteCount: Int
    }

    let store: any MetadataStore
    let artifacts: any ArtifactStore

    package init(store: any MetadataStore, artifacts: any ArtifactStore) {
        self.store = store
        self.artifacts = artifacts
    }

    /// Copies the rows, then every blob that was referred to before or after that.
    ///
    /// Blobs cannot go meanwhile: garbage collection waits. A version that comes meanwhile may bring a blob too many.
    ///
    /// - Parameters:
    ///   - databasePath: Where the copy of the rows goes; must not exist.
    ///   - target: The copy's blobs; what is there already is not copied again.
    ///   - progress: Called after each blob with the fraction done, 0 to 1.
    package func run(
        databasePath: String, target: any ArtifactStore, progress: @escaping @Sendable (Double) -> Void
    ) async throws -> Blobs {
        guard !FileFacts.exists(databasePath) else {
            throw ControlError(.invalidRequest, "'\(databasePath)' exists already: choose an empty folder")
        }
        return try await artifacts.withSharedAccess {
            let before = try await self.store.referencedBlobs()
            try await self.store.backUp(to: databasePath)
            let needed = try await self.store.referencedBlobs().union(before)
            let sizes = try await self.artifacts.blobs().reduce(into: [:]) { $0[$1.digest] = $1.byteCount }
            let present = Set(try await target.blobs().map(\.digest))
            for (index, digest) in needed.enumerated() {
                if !present.contains(digest) { try await self.copy(digest, sizes[digest] ?? 0, to: target) }
                progress(Double(index + 1) / Double(needed.count))
            }
            return Blobs(count: needed.count, byteCount: needed.reduce(0) { $0 + (sizes[$1] ?? 0) })
        }
    }

    private func copy(_ digest: Digest, _ byteCount: Int, to target: any ArtifactStore) async throws {
        let file = BundleFile(path: "blob", digest: digest, byteCount: byteCount)
        let folder = try await artifacts.checkOut([file], bundle: BundleDigest.of(files: [file]))
        _ = try await target.put(fileAt: folder + "/" + file.path) { _ in }
    }
}
