// SPDX-License-Identifier: Apache-2.0

/// Makes a change of what is in force again when a step of a rollout or another process was faster.
package enum RevisionRetry {
    /// One of those who try at the same time wins, so all of them together get on.
    private static let maximumAttempts = 1000

    /// - Parameter change: Reads what is in force and appends the revision that follows from it, expecting what it
    ///   read.
    /// - Throws: Whatever `change` throws; `conflict` only after many attempts.
    package static func run<R>(_ change: () async throws -> R) async throws -> R {
        for _ in 1..<maximumAttempts {
            do {
                return try await change()
            } catch let error as RegistryError where error.code == .conflict {
                try Task.checkCancellation()
            }
        }
        return try await change()
    }
}
