// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Waits for something no longer than a time, even when it does not hear that it was cancelled.
enum Deadline {
    /// - Throws: Whatever `body` throws; ``DeliveryError`` `timedOut`; `CancellationError` when the task is cancelled.
    static func run<R: Sendable>(
        _ limit: Duration, named what: String, _ body: @escaping @Sendable () async throws -> R
    ) async throws -> R {
        let race = Race<R>()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                race.begin(continuation)
                let work = Task {
                    do {
                        race.finish(.success(try await body()))
                    } catch {
                        race.finish(.failure(error))
                    }
                }
                let timer = Task {
                    do { try await Task.sleep(for: limit) } catch { return }
                    race.finish(.failure(DeliveryError.timedOut(what)))
                }
                race.own([work, timer])
            }
        } onCancel: {
            race.finish(.failure(CancellationError()))
        }
    }
}

/// Resumes once, whoever is first, and then stops the others.
private final class Race<R: Sendable>: Sendable {
    private struct State {
        var continuation: CheckedContinuation<R, any Error>?
        /// Came before anybody waited.
        var early: Result<R, any Error>?
        var isOver = false
        var tasks: [Task<Void, Never>] = []
    }

    private let state = Mutex(State())

    func begin(_ continuation: CheckedContinuation<R, any Error>) {
        let early = state.withLock { state in
            if state.early == nil { state.continuation = continuation }
            return state.early
        }
        if let early { continuation.resume(with: early) }
    }

    func own(_ tasks: [Task<Void, Never>]) {
        let isOver = state.withLock { state in
            if !state.isOver { state.tasks = tasks }
            return state.isOver
        }
        if isOver { for task in tasks { task.cancel() } }
    }

    func finish(_ result: Result<R, any Error>) {
        let (continuation, tasks) = state.withLock { state in
            guard !state.isOver else { return (nil as CheckedContinuation<R, any Error>?, [] as [Task<Void, Never>]) }
            state.isOver = true
            if state.continuation == nil { state.early = result }
            defer {
                state.continuation = nil
                state.tasks = []
            }
            return (state.continuation, state.tasks)
        }
        continuation?.resume(with: result)
        for task in tasks { task.cancel() }
    }
}
