// SPDX-License-Identifier: Apache-2.0

import SlipwayRegistry
import SlipwayTestKit
import Testing

@Suite("A backup of the store in memory")
struct InMemoryBackupTests {
    @Test("is left away whole when it cannot be written")
    func unwritable() async throws {
        let store = InMemoryMetadataStore()
        let error = await #expect(throws: RegistryError.self) { try await store.backUp(to: "/nowhere/at/all") }
        #expect(error?.code == .notFound)
    }
}
