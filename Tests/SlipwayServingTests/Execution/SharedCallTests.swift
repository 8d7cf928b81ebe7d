// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayEngine
import SlipwayServing
import SlipwayTestKit
import Testing

@Suite("Requests that share calls", .timeLimit(.minutes(2)))
struct SharedCallTests {
    /// With a preferred size, for that learned from calls of microseconds is chance.
    private static func upTo(_ rows: Int) -> @Sendable (inout EndpointSpec) -> Void {
        { $0.batching.preferredRows = [rows] }
    }

    /// A rig whose only lane is held by a request for 0.
    private func held(
        script: ScriptedEngine.Script = ScriptedEngine.Script(), columns: Int = 1,
        _ change: (inout EndpointSpec) -> Void = Self.upTo(64)
    ) async throws -> (rig: ServingRig, first: Task<[Float], any Error>) {
        let rig = ServingRig(script: script)
        await rig.serve(1, change)
        rig.engine.tally.startOver()
        let zeros = [Float](repeating: 0, count: columns)
        return (rig, await rig.hold(try ServingRig.request(zeros, columns: columns)))
    }

    @Test("those that wait for a lane share its next call, and each gets its own rows back")
    func share() async throws {
        let (rig, first) = try await held()
        let asked: [[Float]] = [[10], [20, 21], [30], [40, 41, 42]]
        let tasks = await rig.queue(try asked.map { try ServingRig.request($0) })
        rig.gate.open()
        #expect(try await first.value == [1])
        for (values, task) in zip(asked, tasks) { #expect(try await task.value == values.map { $0 + 1 }) }
        #expect(rig.engine.tally.calls.map(\.values) == [[0], asked.flatMap(\.self)])
        #expect(rig.executions.map(\.rows) == [1, 7])
        #expect(rig.observations.map(\.batchSize).sorted() == [1, 7, 7, 7, 7])
        try rig.expectIdle()
    }

    @Test("one that comes to an idle lane is not held up, and runs alone")
    func alone() async throws {
        let rig = ServingRig()
        await rig.serve(1, Self.upTo(64))
        for value in 1...5 { #expect(try await rig.ask(ServingRig.request([Float(value)])) == [Float(value) + 1]) }
        #expect(rig.executions.map(\.rows) == [1, 1, 1, 1, 1])
    }

    @Test("those of different shapes do not share")
    func shapes() async throws {
        var script = ScriptedEngine.Script()
        script.signature = ScriptedModel.anyColumns
        let (rig, first) = try await held(script: script)
        // Of two callers: for one alone, those behind one of another shape wait for their turn.
        let narrow = try (1...3).map { try ServingRig.request([Float($0)], caller: Caller(identity: "narrow")) }
        let wide = try (1...3).map {
            try ServingRig.request([Float($0), Float($0)], columns: 2, caller: Caller(identity: "wide"))
        }
        let tasks = await rig.queue(zip(narrow, wide).flatMap { [$0, $1] })
        rig.gate.open()
        _ = try await first.value
        for (index, task) in tasks.enumerated() {
            let value = Float(index / 2 + 2)
            #expect(try await task.value == (index % 2 == 0 ? [value] : [value, value]))
        }
        let calls = rig.engine.tally.calls.dropFirst().map(\.values)
        #expect(Set(calls) == [[1, 2, 3], [1, 1, 2, 2, 3, 3]])
    }

    @Test("one that makes the engine throw fails alone")
    func poison() async throws {
        var script = ScriptedEngine.Script()
        script.poison = 13
        let (rig, first) = try await held(script: script)
        let tasks = await rig.queue(try [1, 13, 2].map { try ServingRig.request([$0]) })
        rig.gate.open()
        _ = try await first.value
        #expect(try await tasks[0].value == [2])
        #expect(try await tasks[2].value == [3])
        let error = await #expect(throws: EngineError.self) { try await tasks[1].value }
        #expect(error?.message == "poison")
        #expect(rig.engine.tally.calls.map(\.values) == [[0], [1, 13, 2], [1], [13], [2]])
        #expect(rig.executions.map(\.rows) == [1, 1, 1])
        try rig.expectIdle()
        #expect(try await rig.ask(ServingRig.request([5])) == [6])
    }

    @Test("one with more rows than a call may have is cut, and its answer is put together again")
    func cut() async throws {
        let rig = ServingRig()
        await rig.serve(1) { $0.batching.maximumRows = 4 }
        let response = try await rig.service.infer(ServingRig.request((0..<10).map(Float.init)))
        #expect(response.outputs["y"]?.values(as: Float.self) == (1...10).map(Float.init))
        #expect(rig.executions.map(\.rows).max() == 4)
        #expect(rig.executions.reduce(0) { $0 + $1.rows } == 10)
        #expect(response.batchSize == 4)
        #expect(response.timings.compute == .microseconds(3) * rig.executions.count)
        try rig.expectIdle()
    }

    @Test("one that was cut fails as a whole, and nobody else with it")
    func cutFails() async throws {
        var script = ScriptedEngine.Script()
        script.poison = 13
        let (rig, first) = try await held(script: script) { $0.batching.maximumRows = 4 }
        let tasks = await rig.queue([
            try ServingRig.request((8..<18).map(Float.init)), try ServingRig.request([1]),
        ])
        rig.gate.open()
        _ = try await first.value
        await #expect(throws: EngineError.self) { try await tasks[0].value }
        #expect(try await tasks[1].value == [2])
        try rig.expectIdle()
    }

    @Test("one that is cancelled leaves the queue and gives its place back, and the others run without it")
    func cancelled() async throws {
        let (rig, first) = try await held()
        let requests = try (1...3).map { try ServingRig.request([Float($0)]) }
        let tasks = await rig.queue(requests)
        requests[1].cancellation.cancel()
        await expectServingError(.cancelled) { _ = try await tasks[1].value }
        #expect(rig.waiting() == 2)
        let admission = try rig.service.endpoint("e").admission
        #expect(admission.load.requests == 3)
        rig.gate.open()
        #expect(try await first.value == [1])
        #expect(try await tasks[0].value == [2])
        #expect(try await tasks[2].value == [4])
        #expect(rig.engine.tally.calls.map(\.values) == [[0], [1, 3]])
        try rig.expectIdle()
    }

    @Test("one whose deadline passes in the queue is never run")
    func expired() async throws {
        let (rig, first) = try await held()
        var late = try ServingRig.request([2])
        late.deadline = .now + .milliseconds(20)
        let doomed = Task { [late] in try await rig.ask(late) }
        let tasks = await rig.queue([try ServingRig.request([1])])
        await expectServingError(.deadlineExceeded) { _ = try await doomed.value }
        rig.gate.open()
        _ = try await first.value
        #expect(try await tasks[0].value == [2])
        #expect(rig.engine.tally.calls.map(\.values) == [[0], [1]])
        try rig.expectIdle()
    }

    @Test("the engine is told to stop only when nobody wants the call's answer any more")
    func cancelledWhileRunning() async throws {
        let gate = Gate(isOpen: false)
        var script = ScriptedEngine.Script()
        script.slow = (2, gate)
        let (rig, first) = try await held(script: script)
        let requests = try (1...2).map { try ServingRig.request([Float($0)]) }
        let tasks = await rig.queue(requests)
        rig.gate.open()
        _ = try await first.value
        await gate.waitForArrivals(1)
        #expect(rig.engine.tally.calls.last?.values == [1, 2])
        requests[0].cancellation.cancel()
        await expectServingError(.cancelled) { _ = try await tasks[0].value }
        gate.open()
        #expect(try await tasks[1].value == [3])
        try rig.expectIdle()
    }

    @Test("those of one caller run in their order")
    func order() async throws {
        let (rig, first) = try await held { $0.batching.maximumRows = 4 }
        let values = (1...20).map(Float.init)
        let caller = Caller(identity: "a")
        let tasks = await rig.queue(try values.map { try ServingRig.request([$0], caller: caller) })
        rig.gate.open()
        _ = try await first.value
        for (value, task) in zip(values, tasks) { #expect(try await task.value == [value + 1]) }
        #expect(rig.engine.tally.calls.dropFirst().flatMap(\.values) == values)
    }

    @Test("a limit of rows that is lowered counts for what waits, too")
    func adopted() async throws {
        let (rig, first) = try await held()
        let tasks = await rig.queue(try (1...6).map { try ServingRig.request([Float($0)]) })
        rig.service.apply([ServingRig.assignment(1, revision: 2) { $0.batching.preferredRows = [3] }])
        rig.gate.open()
        _ = try await first.value
        for (index, task) in tasks.enumerated() { #expect(try await task.value == [Float(index + 2)]) }
        #expect(rig.executions.map(\.rows) == [1, 3, 3])
    }

    @Test("what was executed adds up to what was answered, whatever was shared or cut")
    func statistics() async throws {
        let rig = ServingRig()
        await rig.serve(1, instances: 2) { $0.batching.maximumRows = 64 }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for count in 1...150 {
                group.addTask { @concurrent in
                    let values = (0..<count).map { Float(count * 1000 + $0) }
                    let answer = try await rig.ask(ServingRig.request(values))
                    #expect(answer == values.map { $0 + 1 })
                }
            }
            try await group.waitForAll()
        }
        #expect(rig.executions.reduce(0) { $0 + $1.rows } == (1...150).reduce(0, +))
        #expect(rig.observations.reduce(0) { $0 + $1.rows } == (1...150).reduce(0, +))
        #expect(rig.executions.allSatisfy { $0.rows <= 64 })
        try rig.expectIdle()
    }
}
