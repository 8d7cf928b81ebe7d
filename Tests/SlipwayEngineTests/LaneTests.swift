// SPDX-License-Identifier: Apache-2.0

import Glibc
import SlipwayEngine
import Synchronization
import Testing

@Suite("Lanes")
struct LaneTests {
    /// Counts, from any thread.
    private final class Counter: Sendable {
        private let value = Atomic(0)
        func add() { value.add(1, ordering: .relaxed) }
        var total: Int { value.load(ordering: .relaxed) }
    }

    @Test("run every job once", arguments: [1, 2, 4])
    func everyJobOnce(lanes: Int) async throws {
        let group = try LaneGroup(count: lanes)
        let results = try await withThrowingTaskGroup(of: Int.self) { tasks in
            for number in 0..<2_000 { tasks.addTask { try await group.queue.run { number } } }
            return try await tasks.reduce(into: Set<Int>()) { $0.insert($1) }
        }
        await group.stop()
        #expect(results.count == 2_000)
    }

    @Test("one lane keeps the order of its jobs, through many growths of the queue")
    func order() async throws {
        let group = try LaneGroup(count: 1)
        let seen = OrderedNumbers()
        for number in 0..<500 { group.queue.submit { seen.append(number) } }
        await group.stop()
        #expect(seen.numbers == Array(0..<500))
    }

    private final class OrderedNumbers: Sendable {
        private let state = Mutex<[Int]>([])
        func append(_ number: Int) { state.withLock { $0.append(number) } }
        var numbers: [Int] { state.withLock { $0 } }
    }

    @Test("stopping finishes what was submitted and refuses what comes later")
    func stop() async throws {
        let group = try LaneGroup(count: 2)
        let counter = Counter()
        for _ in 0..<1_000 { group.queue.submit { counter.add() } }
        await group.stop()
        #expect(counter.total == 1_000)
        #expect(group.queue.waitingCount == 0)
        let isAccepted = group.queue.submit { counter.add() }
        #expect(!isAccepted)
        await #expect { try await group.queue.run { 1 } } throws: { ($0 as? EngineError)?.code == .cancelled }
        await group.stop()
        #expect(counter.total == 1_000)
    }

    @Test("lanes of one group run at the same time")
    func parallel() async throws {
        let group = try LaneGroup(count: 2)
        // Each job ends only once the other has begun, so both lanes must run at the same time.
        let begun = Counter()
        let meet: @Sendable () -> Void = {
            begun.add()
            while begun.total < 2 { sched_yield() }
        }
        async let one: Void = group.queue.run(meet)
        async let other: Void = group.queue.run(meet)
        _ = try await (one, other)
        await group.stop()
        #expect(begun.total == 2)
    }

    @Test("a job that throws leaves the lane working")
    func throwing() async throws {
        struct Failure: Error {}
        let group = try LaneGroup(count: 1)
        await #expect(throws: Failure.self) { try await group.queue.run { throw Failure() } }
        #expect(try await group.queue.run { 7 } == 7)
        await group.stop()
    }

    @Test("lanes have names and normal priority, loaders are niced and alone in that")
    func threads() async throws {
        let group = try LaneGroup(count: 1)
        let own = Self.thread()
        let lane = try await group.queue.run { Self.thread() }
        let loader = try await LoaderThread.run { Self.thread() }
        await group.stop()
        #expect(lane.name == "lane-0")
        #expect(lane.niceness == own.niceness)
        #expect(loader.name == "loader")
        #expect(loader.niceness == min(19, own.niceness + LoaderThread.niceness))
    }

    @Test("a loader passes errors on")
    func loaderError() async {
        struct Failure: Error {}
        await #expect(throws: Failure.self) { try await LoaderThread.run { throw Failure() } }
    }

    private static func thread() -> (name: String, niceness: Int32) {
        var bytes = [UInt8](repeating: 0, count: 32)
        let file = open("/proc/thread-self/comm", O_RDONLY)
        let count = read(file, &bytes, bytes.count)
        close(file)
        let name = String(decoding: bytes.prefix(max(0, count - 1)), as: UTF8.self)
        return (name, getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0))
    }
}
