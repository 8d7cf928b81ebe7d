// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
package import SlipwayMonitoring
package import SlipwayRegistry
package import SlipwayWire
import Synchronization

/// The latest alerts, decisions and revisions, for those that follow them.
///
/// Bounded: a reader that is too slow, or was away too long, is told by an event of the kind `gap` that it missed some.
package final class EventRing: Sendable {
    /// Events that are kept.
    package static let capacity = 1024
    /// Readers at the same time.
    package static let maximumReaders = 64
    /// Events that wait for one reader.
    static let readerCapacity = 256

    private struct State {
        var events: [MonitorEventDTO] = []
        var nextID: Int
        var readers: [Int: AsyncStream<MonitorEventDTO>.Continuation] = [:]
        var nextReader = 0
        var isFinished = false
    }

    private let state: Mutex<State>
    private let startedAt: Timestamp

    /// - Parameter startedAt: When the process started: ids of later processes are larger.
    package init(startedAt: Timestamp) {
        // 2^53 is reached in the year 2255: every JSON reader holds these ids exactly.
        let first = Int(clamping: max(0, min(startedAt.milliseconds, 1 << 43))) * 1000 + 1
        state = Mutex(State(nextID: first))
        self.startedAt = startedAt
    }

    package func publish(_ alert: Alert, at now: Timestamp) {
        publish(.alert, of: alert.key.endpoint, at: now) { $0.alert = AlertDTO(alert) }
    }

    package func publish(_ decision: GuardDecision) {
        publish(.decision, of: decision.endpoint, at: decision.at) { $0.decision = GuardDecisionDTO(decision) }
    }

    package func publish(_ revision: EndpointRevision) {
        publish(.revision, of: revision.endpoint, at: revision.createdAt) { $0.revision = RevisionDTO(revision) }
    }

    private func publish(
        _ kind: MonitorEventDTO.Kind, of endpoint: String, at now: Timestamp, _ fill: (inout MonitorEventDTO) -> Void
    ) {
        // Yielding under the lock keeps the order of ids; it only appends to a bounded buffer.
        state.withLock { state in
            var event = MonitorEventDTO(id: state.nextID, at: now, kind: kind, endpoint: endpoint)
            fill(&event)
            state.nextID += 1
            state.events.append(event)
            if state.events.count > Self.capacity { state.events.removeFirst(state.events.count - Self.capacity) }
            for reader in state.readers.values { reader.yield(event) }
        }
    }

    /// Whether one more may read.
    package var hasRoom: Bool { state.withLock { $0.readers.count < Self.maximumReaders } }

    /// What was missed since `last`, then everything as it happens, until the reader's task ends, it calls
    /// ``Reader/stop()``, or ``finish()``.
    ///
    /// - Parameter last: The id of the last event the reader has; `nil` to begin now.
    /// - Throws: `ControlError` `busy` when too many read.
    package func read(after last: Int?) throws(ControlError) -> Reader {
        let (stream, continuation) = AsyncStream.makeStream(
            of: MonitorEventDTO.self, bufferingPolicy: .bufferingNewest(Self.readerCapacity))
        let begun = state.withLock { state -> (number: Int, before: Int, missed: [MonitorEventDTO])? in
            guard state.readers.count < Self.maximumReaders else { return nil }
            let number = state.nextReader
            state.nextReader += 1
            if state.isFinished { continuation.finish() } else { state.readers[number] = continuation }
            return (number, state.nextID - 1, last.map { missed(after: $0, in: state) } ?? [])
        }
        guard let begun else {
            throw ControlError(.busy, "\(Self.maximumReaders) readers follow events already: close one")
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { _ = $0.readers.removeValue(forKey: begun.number) }
        }
        return Reader(missed: begun.missed, before: begun.before, stream: stream, continuation: continuation)
    }

    /// The kept events after an id, behind a gap where some before them are not kept any more.
    private func missed(after last: Int, in state: State) -> [MonitorEventDTO] {
        guard last < state.nextID - 1 else { return [] }
        let first = state.events.first?.id ?? state.nextID
        let kept = state.events.filter { $0.id > last }
        guard last < first - 1 else { return kept }
        let at = state.events.first?.at ?? startedAt
        return [MonitorEventDTO(id: first - 1, at: at, kind: .gap, endpoint: nil)] + kept
    }

    /// Ends every reader's events, and those of readers to come: the process is about to end.
    package func finish() {
        let readers = state.withLock { state in
            state.isFinished = true
            defer { state.readers = [:] }
            return Array(state.readers.values)
        }
        for reader in readers { reader.finish() }
    }

    /// One who follows events.
    package struct Reader: Sendable {
        let missed: [MonitorEventDTO]
        /// The id of the last event before those of the stream.
        let before: Int
        let stream: AsyncStream<MonitorEventDTO>
        let continuation: AsyncStream<MonitorEventDTO>.Continuation

        package func stop() { continuation.finish() }

        /// Calls `body` for every event until the end, with a `gap` where the reader was too slow.
        package func forEach(_ body: (MonitorEventDTO) async throws -> Void) async throws {
            for event in missed { try await body(event) }
            var before = before
            for await event in stream {
                if event.id > before + 1 {
                    try await body(MonitorEventDTO(id: event.id - 1, at: event.at, kind: .gap, endpoint: nil))
                }
                before = event.id
                try await body(event)
            }
        }
    }
}
