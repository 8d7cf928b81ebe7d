// SPDX-License-Identifier: Apache-2.0

import SlipwayControl
import SlipwayCore
import SlipwayRegistry
import SlipwayWire
import Synchronization
import Testing

@Suite("Events")
struct EventRingTests {
    private static let start = Timestamp(milliseconds: 1_795_262_400_000)
    private let ring = EventRing(startedAt: start)

    private func publish(_ count: Int, from first: Int = 1) {
        for number in first..<(first + count) {
            ring.publish(
                EndpointRevision(endpoint: "e", number: number, spec: nil, createdAt: Self.start, reason: "test"))
        }
    }

    /// What a reader is given until it has `count` events or the ring is finished.
    private func read(after last: Int?, _ count: Int) async throws -> [MonitorEventDTO] {
        let reader = try ring.read(after: last)
        let events = Mutex<[MonitorEventDTO]>([])
        try await reader.forEach { event in
            let read = events.withLock { list in
                list.append(event)
                return list.count
            }
            if read == count { reader.stop() }
        }
        return events.withLock { $0 }
    }

    @Test("a reader that was away gets what it missed, once, in order")
    func missed() async throws {
        publish(5)
        ring.finish()
        let all = try await read(after: 0, .max)
        #expect(all.map(\.kind) == [.gap] + Array(repeating: .revision, count: 5))
        #expect(all.dropFirst().compactMap(\.revision?.number) == [1, 2, 3, 4, 5])
        let rest = try await read(after: all[3].id, .max)
        #expect(rest.compactMap(\.revision?.number) == [4, 5])
        #expect(try await read(after: all.last?.id, .max) == [])
        #expect(try await read(after: nil, .max) == [])
    }

    @Test("what is not kept any more is told as a gap")
    func gap() async throws {
        publish(1)
        let first = try await read(after: 0, 2).last?.id
        publish(EventRing.capacity + 10, from: 2)
        ring.finish()
        let events = try await read(after: first, .max)
        #expect(events.first?.kind == .gap)
        #expect(events.count == EventRing.capacity + 1)
        #expect(events.last?.revision?.number == EventRing.capacity + 11)
        #expect(zip(events, events.dropFirst()).allSatisfy { $0.id + 1 == $1.id })
    }

    @Test("a reader that was too slow from the start is told of the gap")
    func slowFromTheStart() async throws {
        publish(1)
        let reader = try ring.read(after: nil)
        publish(EventRing.capacity, from: 2)
        ring.finish()
        let events = Mutex<[MonitorEventDTO]>([])
        try await reader.forEach { event in events.withLock { $0.append(event) } }
        #expect(events.withLock { $0.first?.kind } == .gap)
        #expect(events.withLock { $0.last?.revision?.number } == EventRing.capacity + 1)
    }

    @Test("ids of a later process are larger, and tell a gap to readers of the earlier one")
    func restart() async throws {
        publish(3)
        let last = try #require(try await read(after: 0, 4).last?.id)
        let later = EventRing(startedAt: Timestamp(milliseconds: Self.start.milliseconds + 1000))
        later.publish(EndpointRevision(endpoint: "e", number: 9, spec: nil, createdAt: Self.start, reason: "test"))
        later.finish()
        let events = Mutex<[MonitorEventDTO]>([])
        try await later.read(after: last).forEach { event in events.withLock { $0.append(event) } }
        #expect(events.withLock { $0.map(\.kind) } == [.gap, .revision])
        #expect(events.withLock { $0.allSatisfy { $0.id > last } })
    }

    @Test("readers are bounded, and one that stops makes room")
    func bounded() async throws {
        var readers: [EventRing.Reader] = []
        for _ in 0..<EventRing.maximumReaders { readers.append(try ring.read(after: nil)) }
        #expect(!ring.hasRoom)
        #expect(throws: ControlError.self) { try ring.read(after: nil) }
        readers.removeLast().stop()
        #expect(ring.hasRoom)
        ring.finish()
        for reader in readers { try await reader.forEach { _ in } }
    }

    @Test("a reader that is too slow is told that it missed some")
    func slow() async throws {
        publish(1)
        let reader = try ring.read(after: 0)
        publish(EventRing.capacity, from: 2)
        ring.finish()
        let kinds = Mutex<[MonitorEventDTO.Kind]>([])
        try await reader.forEach { event in kinds.withLock { $0.append(event.kind) } }
        #expect(kinds.withLock { $0.count { $0 == .gap } } == 2)
        #expect(kinds.withLock { $0.last } == .revision)
    }
}
