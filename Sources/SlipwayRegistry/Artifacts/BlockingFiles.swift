// SPDX-License-Identifier: Apache-2.0

import Dispatch
package import SlipwayCore

/// Runs work that blocks on files on threads outside the cooperative pool.
package enum BlockingFiles {
    private static let queue = DispatchQueue(label: "slipway.files", attributes: .concurrent)

    /// Runs `body` on a thread of its own and waits for it without blocking the caller's.
    ///
    /// - Parameter body: Gets a flag that is set when the waiting task is cancelled; long work looks at it
    ///   and throws `CancellationError`.
    package static func run<R: Sendable>(
        _ body: @escaping @Sendable (CancellationFlag) throws -> R
    ) async throws -> R {
        let flag = CancellationFlag()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                queue.async { continuation.resume(with: Result { try body(flag) }) }
            }
        } onCancel: {
            flag.cancel()
        }
    }
}
