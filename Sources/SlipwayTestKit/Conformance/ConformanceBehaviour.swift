// SPDX-License-Identifier: Apache-2.0

public import Testing

/// One thing that every engine, or every store of a kind, must do, as an argument of a test.
public struct ConformanceBehaviour<Subject: Sendable>: Sendable, CustomTestStringConvertible {
    /// What the subject does, for the test's report.
    public let title: String
    /// Checks it; stores are fresh.
    public let check: @Sendable (Subject) async throws -> Void

    public init(_ title: String, _ check: @escaping @Sendable (Subject) async throws -> Void) {
        self.title = title
        self.check = check
    }

    public var testDescription: String { title }
}
