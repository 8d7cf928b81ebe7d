// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
package import SlipwayRegistry

/// Copies a registry into a folder that can be opened as a home itself.
package struct HomeBackup: Sendable {
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
    /// - Returns: How many blobs the copy refers to.
    package func run(
        databasePath: String, target: any ArtifactStore, progress: @escaping @Sendable (Double) -> Void
    ) async throws -> Int {
        guard !FileFacts.exists(databasePath) else {
            throw ControlError(.invalidRequest, "'\(databasePath)' exists already: choose an empty folder")
        }
        return try await artifacts.withSharedAccess {
            let before = try await self.store.referencedBlobs()
            try await self.store.backUp(to: databasePath)
            let needed = try await self.store.referencedBlobs().union(before)
            for (index, digest) in needed.enumerated() {
                try await self.copy(digest, to: target)
                progress(Double(index + 1) / Double(needed.count))
            }
            return needed.count
        }
    }

    private func copy(_ digest: Digest, to target: any ArtifactStore) async throws {
        guard try await !target.blobs().contains(where: { $0.digest == digest }) else { return }
        let name = "blob"
        let size = try await artifacts.blobs().first { $0.digest == digest }?.byteCount ?? 0
        let files = [BundleFile(path: name, digest: digest, byteCount: size)]
        let folder = try await artifacts.checkOut(files, bundle: BundleDigest.of(files: files))
        _ = try await target.put(fileAt: folder + "/" + name) { _ in }
    }
}
