// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix
import SlipwayClient
import SlipwayCore
import Testing

@Suite struct LoadGeneratorTests {
    private func run(_ server: StubServer, _ plan: BenchPlan) async throws -> BenchReport {
        let request = BenchRequest(server: server.address, path: "/x", headers: [], body: Array("hello".utf8))
        return try await LoadGenerator(server: server.address, request: request, plan: plan).run()
    }

    private static let openPlan = BenchPlan(
        load: .open(rate: 500, seed: 7), duration: .milliseconds(200), warmUp: .milliseconds(100))

    /// How many arrivals of the plan lie in its measured window and before it.
    private static func arrivals(of plan: BenchPlan) -> (measured: Int, warmUp: Int) {
        guard case .open(let rate, let seed) = plan.load else { return (0, 0) }
        var schedule = ArrivalSchedule(rate: rate, seed: seed)
        let start = plan.warmUp.clampedNanoseconds
        let end = start + plan.duration.clampedNanoseconds
        var counts = (measured: 0, warmUp: 0)
        while true {
            let arrival = schedule.next()
            if arrival >= end { return counts }
            if arrival >= start { counts.measured += 1 } else { counts.warmUp += 1 }
        }
    }

    @Test("an open loop sends exactly the arrivals of its schedule", arguments: [StubReply.Manner.whole, .chunked])
    func openLoop(manner: StubReply.Manner) async throws {
        let expected = Self.arrivals(of: Self.openPlan)
        try await StubServer.run({ _ in StubReply(body: Array("answer".utf8), manner: manner) }) { server in
            let report = try await run(server, Self.openPlan)
            #expect(report.requests == expected.measured)
            #expect(report.successes == expected.measured)
            #expect(report.errors == [:])
            #expect(server.requestCount == expected.measured + expected.warmUp)
            #expect(report.latencyMilliseconds != nil)
        }
    }

    @Test("a closed loop keeps as many requests under way as asked")
    func closedLoop() async throws {
        let plan = BenchPlan(load: .closed(concurrency: 4), duration: .milliseconds(200), warmUp: .zero)
        try await StubServer.run({ _ in StubReply(body: Array("answer".utf8)) }) { server in
            let report = try await run(server, plan)
            #expect(report.successes > 0)
            #expect(report.requests == report.successes)
            // What was under way at the end reached the server and is not counted.
            #expect((0...4).contains(server.requestCount - report.requests))
            // Four of the run and the probe before it.
            #expect(server.connectionCount == 5)
        }
    }

    @Test("a server that ends each connection costs no request")
    func closingServer() async throws {
        try await StubServer.run({ _ in StubReply(body: [1], manner: .closing) }) { server in
            let plan = BenchPlan(load: .closed(concurrency: 2), duration: .milliseconds(200), warmUp: .zero)
            let report = try await run(server, plan)
            #expect(report.errors == [:])
            #expect(report.successes > 0)
            #expect(server.connectionCount > 3)
        }
    }

    @Test("answers with an error status are errors under that status")
    func errorStatus() async throws {
        try await StubServer.run({ _ in StubReply(status: 503) }) { server in
            let report = try await run(server, Self.openPlan)
            #expect(report.errors == ["503": Self.arrivals(of: Self.openPlan).measured])
            #expect(report.successes == 0)
            #expect(report.latencyMilliseconds == nil)
        }
    }

    @Test(
        "requests without an answer are counted by how they ended",
        arguments: [
            (StubReply.Manner.hangUp, "disconnected"), (.silence, "timeout"),
        ])
    func lostRequests(manner: StubReply.Manner, name: String) async throws {
        var plan = Self.openPlan
        if case .silence = manner { plan.timeout = .milliseconds(300) }
        let expected = Self.arrivals(of: plan).measured
        try await StubServer.run({ _ in StubReply(manner: manner) }) { [plan] server in
            let report = try await run(server, plan)
            #expect(report.errors == [name: expected])
        }
    }

    @Test("a run against nothing says that the server cannot be reached")
    func unreachable() async throws {
        // A port that was free a moment ago.
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        let port = listener.localAddress?.port ?? 0
        try await listener.close()
        let address = try ServerAddress(parsing: "127.0.0.1:\(port)")
        let request = BenchRequest(server: address, path: "/", headers: [], body: [])
        let error = try await #require(throws: ClientError.self) {
            try await LoadGenerator(server: address, request: request, plan: Self.openPlan).run()
        }
        #expect(error.code == .unreachable)
    }

    @Test(
        "plans without sense are refused",
        arguments: [
            BenchPlan(load: .closed(concurrency: 0)), BenchPlan(load: .open(rate: 0, seed: 1)),
            BenchPlan(load: .open(rate: .nan, seed: 1)), BenchPlan(load: .closed(concurrency: 1), duration: .zero),
            BenchPlan(load: .closed(concurrency: 1), duration: .seconds(Int64.max / 4)),
        ])
    func badPlans(plan: BenchPlan) throws {
        let address = try ServerAddress(parsing: "127.0.0.1:1")
        let request = BenchRequest(server: address, path: "/", headers: [], body: [])
        #expect(throws: ClientError.self) { try LoadGenerator(server: address, request: request, plan: plan) }
    }
}
