// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayEngine
import Synchronization

/// Work on a loader's thread that is not waited for when it hangs.
enum SupervisedWork {
    /// How long work may take to heed that it is to stop.
    private static let grace: Duration = .seconds(2)

    /// Runs `body` on a thread of its own; past `limit` it is asked to stop, and soon after nobody waits for it.
    ///
    /// - Parameters:
    ///   - name: For the error.
    ///   - body: Takes a flag that is set when it is to stop. Its result counts only in time.
    /// - Throws: `body`'s error, or ``ServingError`` `loadFailed` when it took too long.
    static func run<T: Sendable>(
        _ name: String, limit: Duration, _ deadlines: DeadlineWatch,
        _ body: @escaping @Sendable (CancellationFlag) throws -> T
    ) async throws -> T {
        let stop = CancellationFlag()
        let outcome = Outcome<T>()
        Task {
            do {
                let result = try await LoaderThread.run { try body(stop) }
                outcome.end(.success(result))
            } catch {
                outcome.end(.failure(error))
            }
        }
        let end = ContinuousClock.now + limit
        let watches = [
            deadlines.add(end) { stop.cancel() },
            deadlines.add(end + grace) {
                outcome.end(
                    .failure(
                        ServingError(
                            code: .loadFailed,
                            message:
                                "\(name) did not end within \(ServingError.text(limit)): the model hangs, or is too "
                                + "slow for the endpoint's call limit")))
            },
        ]
        defer { for watch in watches { deadlines.remove(watch) } }
        return try await outcome.wait()
    }

    /// What came of the work, once.
    private final class Outcome<T: Sendable>: Sendable {
        private enum State {
            case open
            case awaited(CheckedContinuation<T, any Error>)
            case ended(Result<T, any Error>)
            case told
        }

        private let state = Mutex(State.open)

        func end(_ result: Result<T, any Error>) {
            let waiter = state.withLock { state -> CheckedContinuation<T, any Error>? in
                switch state {
                case .open:
                    state = .ended(result)
                    return nil
                case .awaited(let waiter):
                    state = .told
                    return waiter
                case .ended, .told: return nil
                }
            }
            waiter?.resume(with: result)
        }

        func wait() async throws -> T {
            try await withCheckedThrowingContinuation { continuation in
                let ended = state.withLock { state -> Result<T, any Error>? in
                    if case .ended(let result) = state {
                        state = .told
                        return result
                    }
                    state = .awaited(continuation)
                    return nil
                }
                if let ended { continuation.resume(with: ended) }
            }
        }
    }
}
