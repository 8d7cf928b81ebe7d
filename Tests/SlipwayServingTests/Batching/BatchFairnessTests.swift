// SPDX-License-Identifier: Apache-2.0

import SlipwayServing
import Testing

@Suite("Batch planner: priority and fair shares")
struct BatchFairnessTests {
    private typealias Rig = BatchingRig

    @Test("one client alone is served in the order of arrival")
    func fifo() {
        let planner = Rig.planner(rows: 4)
        for id in 1...9 { planner.add(Rig.request(UInt64(id), rows: 1 + id % 3, client: 7)) }
        #expect(planner.drain().flatMap { $0 } == Array(1...9))
    }

    @Test(
        "a less urgent request goes first once it waited longer by the aging",
        arguments: [(499, [2, 1]), (501, [1, 2])])
    func aging(later: Int, order: [UInt64]) {
        let planner = Rig.planner(rows: 1)
        planner.add(Rig.request(1, priority: 1, at: 0))
        planner.add(Rig.request(2, priority: 0, at: later))
        #expect(planner.drain(at: later).flatMap { $0 } == order)
    }

    @Test("classes count by their distance, and all of them fill one batch")
    func classes() {
        let planner = Rig.planner(rows: 8)
        for (id, priority) in [(1, 3), (2, 0), (3, 2), (4, 1), (5, 0), (6, 99)] {
            planner.add(Rig.request(UInt64(id), client: id, priority: priority))
        }
        #expect(planner.drain() == [[2, 5, 4, 3, 1, 6]])
    }

    @Test("a single request is behind no more than one batch of a flooding client", arguments: [1, 4, 32])
    func flood(rows: Int) {
        let planner = Rig.planner(rows: rows)
        for id in 1...1_000 { planner.add(Rig.request(UInt64(id), client: 1)) }
        for round in 0..<10 {
            _ = planner.batch(at: round)
            planner.add(Rig.request(UInt64(2_000 + round), client: 2, at: round))
            let next = planner.batch(at: round)?.portions.map(\.id) ?? []
            let after = rows == 1 ? planner.batch(at: round)?.portions.map(\.id) ?? [] : []
            #expect((next + after).contains(UInt64(2_000 + round)))
        }
    }

    @Test("an urgent request is not behind a less urgent flood that is older")
    func urgentBehindFlood() {
        let planner = Rig.planner(rows: 4)
        for id in 1...1_000 { planner.add(Rig.request(UInt64(id), client: 1, priority: 2)) }
        // Everything of the flood is overdue by now.
        _ = planner.batch(at: 5_000)
        planner.add(Rig.request(2_000, client: 2, at: 5_000))
        #expect(planner.batch(at: 5_000)?.portions.map(\.id).contains(2_000) == true)
    }

    @Test("waiting clients get the same number of rows, whatever the size of their requests")
    func equalShares() {
        let planner = Rig.planner(rows: 16)
        var id: UInt64 = 0
        for client in 1...4 {
            for _ in 0..<(960 / client) {
                id += 1
                planner.add(
                    WaitingRequest(id: id, rows: client, client: client, arrivedAt: Rig.at(0), form: "a"))
            }
        }
        var rows: [UInt64: Int] = [:]
        for _ in 0..<100 {
            for portion in planner.batch()?.portions ?? [] { rows[portion.id, default: 0] += portion.rows.count }
        }
        // Clients have 960, 480, 320 and 240 requests, numbered one after the other.
        let bounds: [Range<UInt64>] = [1..<961, 961..<1_441, 1_441..<1_761, 1_761..<2_001]
        let served = bounds.map { range in rows.filter { range.contains($0.key) }.values.reduce(0, +) }
        // Start-time fair queueing: two clients differ by no more than the sum of their largest requests, here 7.
        #expect((served.max() ?? 0) - (served.min() ?? 0) <= 7)
        #expect(served.reduce(0, +) > 1_400)
    }

    @Test("a request of many rows that is cut takes no more than its share")
    func cutRequest() {
        let planner = Rig.planner(rows: 8)
        planner.add(Rig.large(1, rows: 10_000, client: 1))
        for id in 2...41 { planner.add(Rig.request(UInt64(id), client: 2)) }
        var own = 0
        for _ in 0..<10 {
            for portion in planner.batch()?.portions ?? [] where portion.id > 1 { own += portion.rows.count }
        }
        // Half of 80 rows, less the portion the other client began with.
        #expect(own >= 32)
    }

    /// The virtual length of a request is that of 2^20 rows at most: the large one here has four times as many.
    @Test("a request of more rows than are counted pays for all of them alike, and is not overtaken by its client's")
    func hugeRequest() {
        let planner = Rig.planner(rows: 1 << 16)
        planner.add(Rig.large(1, rows: 1 << 22, client: 1))
        planner.add(Rig.request(2, client: 1))
        for id in 10..<40 { planner.add(Rig.request(UInt64(id), rows: 1 << 16, client: 2)) }
        let order = planner.drain().flatMap(\.self)
        #expect(order.count { $0 == 1 } == 64)
        // It pays a quarter for each row, so that the other client has every fifth call until the end.
        let shared = order.prefix(75)
        for start in stride(from: 0, to: 75, by: 15) {
            #expect((2...4).contains(shared[start..<(start + 15)].count { $0 >= 10 }))
        }
        #expect(order.lastIndex(of: 1).flatMap { last in order.firstIndex(of: 2).map { $0 > last } } == true)
    }

    @Test("rows that cannot be counted are shared, too, and leave nobody waiting")
    func endlessRequest() {
        let planner = Rig.planner(rows: 8)
        planner.add(Rig.large(1, rows: .max, client: 1))
        for _ in 0..<100 { _ = planner.batch() }
        planner.add(Rig.request(2, client: 2))
        let next = (0..<2).flatMap { _ in planner.batch()?.portions.map(\.id) ?? [] }
        #expect(next.contains(2))
        #expect(planner.remove(1) && planner.waitingRequests == 0)
    }

    @Test("a client pays nothing for requests it took back")
    func cancelled() {
        let planner = Rig.planner(rows: 1)
        for id in 1...50 { planner.add(Rig.request(UInt64(id), client: 1)) }
        for id in 51...60 { planner.add(Rig.request(UInt64(id), client: 2)) }
        for id in 1...50 { #expect(planner.remove(UInt64(id))) }
        planner.add(Rig.request(61, client: 1))
        #expect(planner.drain().flatMap { $0 }.firstIndex(of: 61).map { $0 <= 1 } == true)
    }

    /// One lane of 1 ms per row; urgent requests of many clients come faster than it can serve.
    @Test("a low priority request is served in bounded time under an urgent overload", arguments: [1, 5, 2_000])
    func starvation(clients: Int) {
        let planner = Rig.planner(rows: 1, aging: 100)
        var id: UInt64 = 10
        var servedAt: Int?
        planner.add(Rig.request(1, client: -1, priority: 3, at: 0))
        for now in 0..<2_000 where servedAt == nil {
            for _ in 0..<2 {
                id += 1
                planner.add(Rig.request(id, client: Int(id) % clients, at: now))
            }
            if planner.batch(at: now)?.portions.first?.id == 1 { servedAt = now }
        }
        // It counts as arrived at 300 ms; at twice the load, the 602 that came until then go first.
        #expect(servedAt.map { (300...602).contains($0) } == true)
    }

    @Test("clients seen for the first time do not keep another's second request waiting for ever")
    func endlessNewClients() {
        let planner = Rig.planner(rows: 1)
        planner.add(Rig.request(1, client: -1))
        planner.add(Rig.request(2, client: -1))
        var id: UInt64 = 10
        for _ in 0..<8 {
            id += 1
            planner.add(Rig.request(id, client: Int(id)))
        }
        var position: Int?
        for call in 0..<1_000 where position == nil {
            id += 1
            planner.add(Rig.request(id, client: Int(id)))
            if planner.batch()?.portions.first?.id == 2 { position = call }
        }
        // Ten clients wait: a row for each passes in ten calls, and those that came before it go first.
        #expect(position.map { $0 <= 30 } == true)
    }
}
