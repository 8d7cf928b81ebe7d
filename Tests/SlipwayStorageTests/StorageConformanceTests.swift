// SPDX-License-Identifier: Apache-2.0

import SlipwayRegistry
import SlipwayStorage
import SlipwayTestKit
import Testing

@Suite("The stores of a home")
struct StorageConformanceTests {
    @Test("do what a metadata store must do", arguments: MetadataStoreConformance.behaviours)
    func metadata(behaviour: MetadataStoreConformance.Behaviour) async throws {
        let folder = try TemporaryFolder()
        let clock = ManualWallClock()
        let store = try await SQLiteMetadataStore.open(
            path: HomeLayout(root: folder.path).database, clock: clock.reading)
        try await behaviour.check(MetadataStoreConformance.Subject(store: store, clock: clock))
        await store.close()
    }

    @Test("do what an artifact store must do", arguments: ArtifactStoreConformance.behaviours)
    func artifacts(behaviour: ArtifactStoreConformance.Behaviour) async throws {
        let folder = try TemporaryFolder()
        let store = FolderArtifactStore(root: folder.path + "/home")
        try await behaviour.check(ArtifactStoreConformance.Subject(store: store, folder: folder))
    }
}
