// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import Synchronization
import Testing

@Suite("Cancellation flag")
struct CancellationFlagTests {
    private final class Counter: Sendable {
        private let value = Atomic(0)
        var count: Int { value.load(ordering: .sequentiallyConsistent) }
        func add() { value.add(1, ordering: .sequentiallyConsistent) }
    }

    @Test("runs every handler once, however often it is set")
    func once() {
        let flag = CancellationFlag()
        let counter = Counter()
        for _ in 0..<3 { #expect(flag.add { counter.add() } != nil) }
        #expect(!flag.isCancelled)
        #expect(counter.count == 0)
        flag.cancel()
        flag.cancel()
        #expect(flag.isCancelled)
        #expect(counter.count == 3)
    }

    @Test("a handler that was removed does not run")
    func removal() throws {
        let flag = CancellationFlag()
        let counter = Counter()
        let registration = try #require(flag.add { counter.add() })
        _ = flag.add { counter.add() }
        flag.remove(registration)
        flag.remove(registration)
        flag.cancel()
        #expect(counter.count == 1)
    }

    @Test("a handler added afterwards runs at once")
    func alreadyCancelled() {
        let flag = CancellationFlag()
        flag.cancel()
        let counter = Counter()
        #expect(flag.add { counter.add() } == nil)
        #expect(counter.count == 1)
    }

    @Test("a handler may use the flag itself")
    func reentrant() {
        let flag = CancellationFlag()
        let counter = Counter()
        _ = flag.add {
            if flag.isCancelled { counter.add() }
            _ = flag.add { counter.add() }
            flag.cancel()
        }
        flag.cancel()
        #expect(counter.count == 2)
    }

    @Test("a scoped handler runs when the flag is set inside, not after")
    func scoped() {
        let counter = Counter()
        let flag = CancellationFlag()
        #expect(flag.withHandler({ counter.add() }) { 7 } == 7)
        flag.cancel()
        #expect(counter.count == 0)
        flag.withHandler({ counter.add() }) {}
        #expect(counter.count == 1)
        let second = CancellationFlag()
        second.withHandler({ counter.add() }) { second.cancel() }
        #expect(counter.count == 2)
    }

    @Test("a scoped handler goes also when the body throws")
    func scopedThrow() {
        struct Stop: Error {}
        let counter = Counter()
        let flag = CancellationFlag()
        #expect(throws: Stop.self) { try flag.withHandler({ counter.add() }) { () throws(Stop) in throw Stop() } }
        flag.cancel()
        #expect(counter.count == 0)
    }

    @Test("each handler runs exactly once when many threads add and set")
    func concurrent() async {
        for _ in 0..<50 {
            let flag = CancellationFlag()
            let counter = Counter()
            await withTaskGroup(of: Void.self) { group in
                for task in 0..<8 {
                    group.addTask { @concurrent in
                        for step in 0..<20 {
                            _ = flag.add { counter.add() }
                            if task % 4 == 3, step == 10 { flag.cancel() }
                        }
                    }
                }
            }
            #expect(counter.count == 160)
        }
    }
}
