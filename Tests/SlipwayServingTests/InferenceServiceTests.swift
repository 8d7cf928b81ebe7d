// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayEngine
import SlipwayServing
import SlipwayTestKit
import Testing

@Suite("Inference service", .timeLimit(.minutes(2)))
struct InferenceServiceTests {
    @Test("answers with the version that serves", arguments: [1, 5])
    func answers(rows: Int) async throws {
        let rig = ServingRig()
        await rig.serve(3)
        var request = try ServingRig.request(rows: rows)
        request.id = "mine"
        let response = try await rig.service.infer(request)
        #expect(response.id == "mine")
        #expect(response.endpoint == "e")
        #expect(response.version == 3)
        #expect(response.outputs["y"]?.values(as: Float.self) == [Float](repeating: 3, count: rows))
        #expect(response.timings.compute == .microseconds(3))
        #expect(response.timings.queue >= .zero)
        try rig.expectIdle()
    }

    @Test("answers a version asked for by number when it is the one that serves")
    func byNumber() async throws {
        let rig = ServingRig()
        await rig.serve(3)
        #expect(try await rig.service.infer(ServingRig.request(version: 3)).version == 3)
        await expectServingError(.unknownVersion) { _ = try await rig.service.infer(ServingRig.request(version: 2)) }
        try rig.expectIdle()
    }

    @Test("does not know what is not deployed")
    func unknownEndpoint() async throws {
        let rig = ServingRig()
        await rig.serve(1)
        let error = await expectServingError(.unknownEndpoint) {
            _ = try await rig.service.infer(ServingRig.request(endpoint: "other"))
        }
        #expect(error?.category == .notFound)
        #expect(error?.message.contains("'other'") == true)
    }

    @Test("refuses what the signature does not allow, and goes on")
    func signature() async throws {
        let rig = ServingRig()
        await rig.serve(1)
        let calls = rig.engine.tally.counts.calls
        var request = try ServingRig.request()
        request.inputs = ["x": try Tensor([0, 0] as [Float], shape: [1, 2])]
        await #expect(throws: SignatureError.self) { try await rig.service.infer(request) }
        request.inputs = [:]
        await #expect(throws: SignatureError.self) { try await rig.service.infer(request) }
        request = try ServingRig.request()
        request.requestedOutputs = ["z"]
        await #expect(throws: SignatureError.self) { try await rig.service.infer(request) }
        #expect(rig.engine.tally.counts.calls == calls)
        try rig.expectIdle()
        #expect(try await rig.service.infer(ServingRig.request()).version == 1)
    }

    @Test("passes an engine's error on, and goes on")
    func engineFails() async throws {
        var script = ScriptedEngine.Script()
        script.failure = { number in
            number == 1 ? EngineError(code: .executionFailed, message: "division by zero") : nil
        }
        let rig = ServingRig(script: script)
        await rig.serve(1)
        for _ in 0..<3 {
            let error = await #expect(throws: EngineError.self) { try await rig.service.infer(ServingRig.request()) }
            #expect(error?.message == "division by zero")
        }
        try rig.expectIdle()
        #expect(rig.observations.map(\.outcome) == [.failure(.internal), .failure(.internal), .failure(.internal)])
        await rig.serve(2)
        #expect(try await rig.service.infer(ServingRig.request()).version == 2)
    }

    @Test("refuses requests beyond the limit, and admits them when there is room again")
    func overloadedByRequests() async throws {
        var configuration = ServingConfiguration()
        configuration.limits.requests = 2
        let rig = ServingRig(configuration: configuration)
        await rig.serve(1)
        rig.gate.close()
        let held = try (0..<2).map { _ in
            let request = try ServingRig.request()
            return Task { try await rig.service.infer(request).version }
        }
        let admission = try rig.service.endpoint("e").admission
        await rig.until { admission.load.requests == 2 }
        await expectServingError(.overloaded) { _ = try await rig.service.infer(ServingRig.request()) }
        rig.gate.open()
        for task in held { #expect(try await task.value == 1) }
        try rig.expectIdle()
        #expect(try await rig.service.infer(ServingRig.request()).version == 1)
    }

    @Test("refuses bytes beyond the limit; a large request alone is let in")
    func overloadedByBytes() async throws {
        var configuration = ServingConfiguration()
        configuration.limits.bytes = 100
        let rig = ServingRig(configuration: configuration)
        await rig.serve(1)
        rig.gate.close()
        let large = try ServingRig.request(rows: 1000)
        let held = Task { try await rig.service.infer(large).outputs.byteCount }
        await rig.gate.waitForArrivals(1)
        await expectServingError(.overloaded) { _ = try await rig.service.infer(ServingRig.request()) }
        rig.gate.open()
        #expect(try await held.value == 4000)
        try rig.expectIdle()
        #expect(try await rig.service.infer(ServingRig.request()).version == 1)
    }

    @Test("uses as many lanes as asked for, but no more than the model can take", arguments: [(1, 1), (3, 3), (9, 4)])
    func lanes(asked: Int, used: Int) async throws {
        var script = ScriptedEngine.Script()
        script.maximumConcurrency = 4
        let rig = ServingRig(script: script)
        await rig.serve(1, instances: asked)
        #expect(rig.status()?.lanes == used)
        rig.gate.close()
        let requests = try (0..<8).map { _ in try ServingRig.request() }
        let tasks = requests.map { request in Task { try await rig.service.infer(request).version } }
        await rig.gate.waitForArrivals(used)
        let admission = try rig.service.endpoint("e").admission
        await rig.until { admission.load.requests == 8 }
        #expect(rig.gate.arrivals == used)
        rig.gate.open()
        for task in tasks { #expect(try await task.value == 1) }
    }

    @Test("observes every request once, and what it tells adds up")
    func observations() async throws {
        let rig = ServingRig()
        await rig.serve(1)
        let rows = Array(1...200)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for count in rows {
                group.addTask { _ = try await rig.service.infer(try ServingRig.request(rows: count)) }
                group.addTask {
                    await #expect(throws: ServingError.self) {
                        try await rig.service.infer(try ServingRig.request(rows: count, version: 9))
                    }
                }
            }
            try await group.waitForAll()
        }
        let answered = rig.observations.filter { $0.outcome == .success }
        let failed = rig.observations.filter { $0.outcome == .failure(.notFound) }
        let total = rows.reduce(0, +)
        #expect(rig.observations.count == 400)
        #expect(answered.count == 200)
        #expect(failed.count == 200)
        #expect(answered.reduce(0) { $0 + $1.rows } == total)
        #expect(rig.executions.reduce(0) { $0 + $1.rows } == total)
        #expect(answered.allSatisfy { $0.batchSize >= $0.rows })
        #expect(rig.observations.reduce(0) { $0 + $1.inputBytes } == 2 * 4 * total)
        #expect(answered.reduce(0) { $0 + $1.outputBytes } == 4 * total)
        #expect(failed.allSatisfy { $0.batchSize == 0 && $0.outputBytes == 0 && $0.version == nil })
        #expect(answered.allSatisfy { $0.version == 1 && $0.endpoint == "e" && $0.timings.compute == .microseconds(3) })
        #expect(rig.observations.allSatisfy { $0.total >= $0.timings.queue })
    }
}
