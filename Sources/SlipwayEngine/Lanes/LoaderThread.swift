// SPDX-License-Identifier: Apache-2.0

/// Threads for work that takes long and is not urgent: reading, verifying and preparing models.
package enum LoaderThread {
    /// What loaders add to their niceness: requests that are being answered go first.
    package static let niceness: Int32 = 10

    /// Runs blocking work on a thread made for it and waits for its result without blocking a thread.
    ///
    /// The thread is niced and threads inherit that: never create an engine's thread pool from here.
    ///
    /// - Throws: `body`'s error, or ``EngineError`` `outOfMemory` when the system has no thread left.
    package static func run<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            do throws(EngineError) {
                try DedicatedThread.start(name: "loader", niceness: niceness) {
                    continuation.resume(with: Result(catching: body))
                }
            } catch {
                continuation.resume(throwing: error)
            }
        }
    }
}
