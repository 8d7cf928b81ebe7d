// SPDX-License-Identifier: Apache-2.0

import SlipwayRegistry
import SlipwayTestKit
import Testing

@Suite("The stores in memory")
struct InMemoryStoreTests {
    @Test("do what a metadata store must do", arguments: MetadataStoreConformance.behaviours)
    func metadata(behaviour: MetadataStoreConformance.Behaviour) async throws {
        let clock = ManualWallClock()
        let store = InMemoryMetadataStore(clock: clock.reading)
        try await behaviour.check(MetadataStoreConformance.Subject(store: store, clock: clock))
    }

    @Test("do what an artifact store must do", arguments: ArtifactStoreConformance.behaviours)
    func artifacts(behaviour: ArtifactStoreConformance.Behaviour) async throws {
        let folder = try TemporaryFolder()
        let store = InMemoryArtifactStore(scratch: folder.path + "/scratch")
        try await behaviour.check(ArtifactStoreConformance.Subject(store: store, folder: folder))
    }
}
