// SPDX-License-Identifier: Apache-2.0

import Testing

/// One thing that every store of a kind must do, as an argument of a test.
package struct StoreBehaviour<Subject: Sendable>: Sendable, CustomTestStringConvertible {
    /// What the store does, for the test's report.
    package let title: String
    /// Checks it on a fresh store.
    package let check: @Sendable (Subject) async throws -> Void

    package init(_ title: String, _ check: @escaping @Sendable (Subject) async throws -> Void) {
        self.title = title
        self.check = check
    }

    package var testDescription: String { title }
}
