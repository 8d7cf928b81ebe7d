// SPDX-License-Identifier: Apache-2.0

import SlipwayServing
import Synchronization
import Testing

@Suite("Core gate")
struct CoreGateTests {
    @Test("calls at once on the caller's thread when cores are free, and later when they are released")
    func order() {
        let gate = CoreGate(cores: 1)
        let calls = Mutex<[Int]>([])
        func acquire(_ number: Int, owner: Int = 1) {
            gate.acquire(owner: owner, cores: 1) { calls.withLock { $0.append(number) } }
        }
        acquire(1)
        #expect(calls.withLock { $0 } == [1])
        acquire(2)
        acquire(3)
        #expect(calls.withLock { $0 } == [1])
        #expect(gate.snapshot == CoreSnapshot(cores: 1, inUse: 1, waiting: 2, waitingInBackground: 0))
        gate.release(cores: 1)
        #expect(calls.withLock { $0 } == [1, 2])
        gate.release(cores: 1)
        gate.release(cores: 1)
        #expect(calls.withLock { $0 } == [1, 2, 3])
        #expect(gate.snapshot.inUse == 0)
    }

    @Test("closures may ask for and give back cores themselves")
    func reentrant() {
        let gate = CoreGate(cores: 1)
        let count = Mutex(0)
        for _ in 0..<100 {
            gate.acquire(owner: 1, cores: 1) {
                count.withLock { $0 += 1 }
                gate.release(cores: 1)
            }
        }
        #expect(count.withLock { $0 } == 100 && gate.snapshot.inUse == 0)
    }

    @Test("what was asked for in the background goes before others of it once its owner became urgent")
    func promote() {
        let gate = CoreGate(cores: 1)
        let calls = Mutex<[String]>([])
        gate.acquire(owner: 1, cores: 1) {}
        gate.acquire(owner: 2, cores: 1, urgency: .background) { calls.withLock { $0.append("shadow") } }
        gate.acquire(owner: 3, cores: 1, urgency: .background) { calls.withLock { $0.append("promoted") } }
        gate.promote(owner: 3)
        gate.release(cores: 1)
        #expect(calls.withLock { $0 } == ["promoted"])
        gate.release(cores: 1)
        #expect(calls.withLock { $0 } == ["promoted", "shadow"])
    }

    /// What the tasks of a test hold together.
    private final class Tally: Sendable {
        private let state = Mutex((inUse: 0, most: 0))

        var most: Int { state.withLock { $0.most } }

        func add(_ cores: Int) {
            state.withLock { state in
                state.inUse += cores
                state.most = max(state.most, state.inUse)
            }
        }
    }

    @Test("many tasks never hold more cores than there are, and all are served")
    func concurrent() async {
        let gate = CoreGate(cores: 3)
        let tally = Tally()
        let served = await withTaskGroup(of: Int.self) { group in
            for owner in 0..<6 {
                group.addTask {
                    for n in 0..<500 {
                        let cores = n % 4 + 1
                        let held = min(cores, 3)
                        await withCheckedContinuation { done in
                            gate.acquire(
                                owner: owner, cores: cores, urgency: owner == 5 ? .background : .normal
                            ) {
                                done.resume()
                            }
                        }
                        tally.add(held)
                        await Task.yield()
                        tally.add(-held)
                        gate.release(cores: cores)
                    }
                    return 500
                }
            }
            return await group.reduce(0, +)
        }
        #expect(served == 3000)
        #expect(tally.most <= 3)
        #expect(gate.snapshot == CoreSnapshot(cores: 3, inUse: 0, waiting: 0, waitingInBackground: 0))
    }
}
