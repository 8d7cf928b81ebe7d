// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Tells everyone who works on a request that nobody waits for it any more.
///
/// Set once, by whoever notices first: a closed connection, a passed deadline, a caller's wish.
public final class CancellationFlag: Sendable {
    /// Names a handler that was added.
    public struct Registration: Sendable { fileprivate let key: UInt64 }

    private struct State {
        var isCancelled = false
        var handlers: [(key: UInt64, handler: @Sendable () -> Void)] = []
        var nextKey: UInt64 = 0
    }

    private let state = Mutex(State())

    public init() {}

    public var isCancelled: Bool { state.withLock { $0.isCancelled } }

    /// Sets the flag and runs the handlers, each once, on the calling thread.
    public func cancel() {
        let handlers = state.withLock { state in
            state.isCancelled = true
            defer { state.handlers = [] }
            return state.handlers
        }
        for (_, handler) in handlers { handler() }
    }

    /// Adds a handler that runs once when the flag is set, on the setter's thread; it must be quick.
    ///
    /// When the flag is set already, the handler runs at once and `nil` is returned.
    public func add(_ handler: @escaping @Sendable () -> Void) -> Registration? {
        let registration = state.withLock { state -> Registration? in
            guard !state.isCancelled else { return nil }
            state.nextKey += 1
            state.handlers.append((state.nextKey, handler))
            return Registration(key: state.nextKey)
        }
        if registration == nil { handler() }
        return registration
    }

    /// Removes a handler; it may still be running, when the flag is just being set.
    public func remove(_ registration: Registration) {
        state.withLock { $0.handlers.removeAll { $0.key == registration.key } }
    }

    /// Runs `body`; should the flag be set before `body` ends, or be set already, `handler` runs once.
    public func withHandler<R, E: Error>(
        _ handler: @escaping @Sendable () -> Void, _ body: () throws(E) -> R
    ) throws(E) -> R {
        let registration = add(handler)
        defer { if let registration { remove(registration) } }
        return try body()
    }
}
