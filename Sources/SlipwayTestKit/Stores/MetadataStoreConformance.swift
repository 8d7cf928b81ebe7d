// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
package import SlipwayRegistry
import Testing

/// What every ``MetadataStore`` must do.
///
/// A test makes a fresh store whose clock is the subject's and runs each behaviour on it:
///
///     @Test(arguments: MetadataStoreConformance.behaviours)
///     func conforms(_ behaviour: MetadataStoreConformance.Behaviour) async throws { ... }
package enum MetadataStoreConformance {
    package struct Subject: Sendable {
        package let store: any MetadataStore
        package let clock: ManualWallClock

        package init(store: any MetadataStore, clock: ManualWallClock) {
            self.store = store
            self.clock = clock
        }
    }

    package typealias Behaviour = ConformanceBehaviour<Subject>

    package static let behaviours: [Behaviour] = versions + aliases + endpoints + replicasAndKeys + wholeStore

    /// Runs `body` and checks that it throws a ``RegistryError`` with this code and a remedy's length of text.
    static func expect(
        _ code: RegistryError.Code, sourceLocation: SourceLocation = #_sourceLocation,
        _ body: () async throws -> Void
    ) async {
        let error = await #expect(throws: RegistryError.self, sourceLocation: sourceLocation) { try await body() }
        #expect(error?.code == code, sourceLocation: sourceLocation)
    }
}
