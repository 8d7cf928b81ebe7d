// SPDX-License-Identifier: Apache-2.0

import GRDB
import SlipwayRegistry
import Synchronization

/// Notices changes of models, aliases and endpoints, whichever process made them.
///
/// Asks `PRAGMA data_version` on a connection of its own; when that moved, asks the counter that only such changes
/// move. Asks only while somebody listens.
final class ChangeWatcher: Sendable {
    private struct Seen: Sendable, Equatable {
        var dataVersion: Int
        var counter: Int
    }

    private struct State {
        var seen: Seen
        var poll: Task<Void, Never>?
    }

    /// A third of the hundred milliseconds promised would do; half leaves a busy machine its share.
    static let interval = Duration.milliseconds(50)

    private let connection: DatabaseQueue
    private let announcer = ChangeAnnouncer()
    private let state: Mutex<State>

    /// Blocks while it opens its connection; what changes from here on is told to the first listener.
    init(path: String, busyTimeout: Duration) throws {
        var configuration = RegistryDatabase.configuration(busyTimeout: busyTimeout)
        configuration.readonly = true
        connection = try DatabaseQueue(path: path, configuration: configuration)
        state = Mutex(State(seen: try connection.read { try Self.look($0, after: nil) }))
    }

    deinit { state.withLock { $0.poll?.cancel() } }

    func subscribe() -> AsyncStream<Void> {
        let stream = announcer.subscribe()
        state.withLock { state in
            guard state.poll == nil else { return }
            state.poll = Task { [weak self] in
                while true {
                    guard (try? await Task.sleep(for: Self.interval)) != nil, let watcher = self else { return }
                    guard await watcher.checkOrRest() else { return }
                }
            }
        }
        return stream
    }

    /// Tells the listeners now if something changed since the last look.
    func check() async {
        guard announcer.hasListeners else { return }
        let before = state.withLock { $0.seen }
        // A look that fails (locked, closed) is made up for by the next one.
        guard let now = try? await connection.read({ try Self.look($0, after: before) }) else { return }
        let changed = state.withLock { state in
            let changed = state.seen.counter != now.counter
            state.seen = now
            return changed
        }
        if changed { announcer.announce() }
    }

    func close() throws {
        state.withLock { $0.poll?.cancel() }
        announcer.finish()
        try connection.close()
    }

    /// `false` when nobody listens any more, and the polling has ended.
    private func checkOrRest() async -> Bool {
        let goesOn = state.withLock { state in
            if announcer.hasListeners { return true }
            state.poll = nil
            return false
        }
        if goesOn { await check() }
        return goesOn
    }

    private static func look(_ db: Database, after before: Seen?) throws -> Seen {
        let version = try Int.fetchOne(db, sql: "PRAGMA data_version") ?? 0
        if let before, before.dataVersion == version { return before }
        let counter = try Int.fetchOne(db, sql: "SELECT value FROM change_counter WHERE id = 1") ?? 0
        return Seen(dataVersion: version, counter: counter)
    }
}
