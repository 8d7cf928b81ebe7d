// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayServing
import SlipwayTestKit
import Testing

@Suite("A request nobody waits for", .timeLimit(.minutes(2)))
struct WaitingEndsTests {
    /// A rig with one lane whose only call is held at the gate.
    private func busyRig() async throws -> (rig: ServingRig, held: Task<Int, any Error>) {
        let rig = ServingRig()
        await rig.serve(1)
        rig.gate.close()
        let request = try ServingRig.request()
        let held = Task { try await rig.service.infer(request).version }
        await rig.gate.waitForArrivals(1)
        return (rig, held)
    }

    /// Lets the held call go and expects that nothing but it and one more request was executed since `before`.
    private func expectNothingElseRan(_ rig: ServingRig, _ held: Task<Int, any Error>, before: Int) async throws {
        rig.gate.open()
        #expect(try await held.value == 1)
        #expect(try await rig.service.infer(ServingRig.request()).version == 1)
        #expect(rig.engine.tally.counts.calls == before + 1)
        try rig.expectIdle()
    }

    @Test("ends at its deadline while it is queued, and is not executed")
    func deadlineWhileQueued() async throws {
        let (rig, held) = try await busyRig()
        let before = rig.engine.tally.counts.calls
        let error = await expectServingError(.deadlineExceeded) {
            _ = try await rig.service.infer(ServingRig.request(deadline: .now + .milliseconds(20)))
        }
        #expect(error?.category == .deadlineExceeded)
        #expect(rig.observations.last?.outcome == .failure(.deadlineExceeded))
        try await expectNothingElseRan(rig, held, before: before)
    }

    @Test("is not executed when its deadline passed before it came")
    func deadlineBefore() async throws {
        let rig = ServingRig()
        await rig.serve(1)
        let before = rig.engine.tally.counts.calls
        await expectServingError(.deadlineExceeded) {
            _ = try await rig.service.infer(ServingRig.request(deadline: .now - .seconds(1)))
        }
        #expect(try await rig.service.infer(ServingRig.request()).version == 1)
        #expect(rig.engine.tally.counts.calls == before + 1)
    }

    @Test("ends at its deadline while it runs, and the engine is told to stop")
    func deadlineWhileRunning() async throws {
        let rig = ServingRig()
        await rig.serve(1)
        let answers = rig.engine.tally.counts.answers
        rig.gate.close()
        // A slow machine may not have begun the call at the first deadlines; the next ones are further away.
        for milliseconds in [20, 200, 2000, 20_000] where rig.gate.arrivals == 0 {
            let deadline = ContinuousClock.now + .milliseconds(milliseconds)
            let request = try ServingRig.request(deadline: deadline)
            await expectServingError(.deadlineExceeded) { _ = try await rig.service.infer(request) }
            await rig.until { request.cancellation.isCancelled }
        }
        #expect(rig.gate.arrivals == 1)
        try rig.expectIdle()
        rig.gate.open()
        #expect(try await rig.service.infer(ServingRig.request()).version == 1)
        // The late call ended as cancelled: only the request after it has an answer.
        #expect(rig.engine.tally.counts.answers == answers + 1)
    }

    @Test("ends when it is cancelled while it is queued, and is not executed")
    func cancelledWhileQueued() async throws {
        let (rig, held) = try await busyRig()
        let before = rig.engine.tally.counts.calls
        let request = try ServingRig.request()
        let waiting = Task { try await rig.service.infer(request) }
        let admission = try rig.service.endpoint("e").admission
        await rig.until { admission.load.requests == 2 }
        request.cancellation.cancel()
        let error = await expectServingError(.cancelled) { _ = try await waiting.value }
        #expect(error?.category == .cancelled)
        try await expectNothingElseRan(rig, held, before: before)
    }

    @Test("is not executed when it was cancelled before it came")
    func cancelledBefore() async throws {
        let rig = ServingRig()
        await rig.serve(1)
        let before = rig.engine.tally.counts.calls
        let request = try ServingRig.request()
        request.cancellation.cancel()
        await expectServingError(.cancelled) { _ = try await rig.service.infer(request) }
        #expect(try await rig.service.infer(ServingRig.request()).version == 1)
        #expect(rig.engine.tally.counts.calls == before + 1)
        try rig.expectIdle()
    }

    @Test("ends when it is cancelled while it runs, and the engine is told to stop")
    func cancelledWhileRunning() async throws {
        let rig = ServingRig()
        await rig.serve(1)
        let answers = rig.engine.tally.counts.answers
        rig.gate.close()
        let request = try ServingRig.request()
        let running = Task { try await rig.service.infer(request) }
        await rig.gate.waitForArrivals(1)
        request.cancellation.cancel()
        await expectServingError(.cancelled) { _ = try await running.value }
        try rig.expectIdle()
        rig.gate.open()
        #expect(try await rig.service.infer(ServingRig.request()).version == 1)
        #expect(rig.engine.tally.counts.answers == answers + 1)
    }

    @Test("ends when its task is cancelled")
    func taskCancelled() async throws {
        let (rig, held) = try await busyRig()
        let before = rig.engine.tally.counts.calls
        let request = try ServingRig.request()
        let waiting = Task { try await rig.service.infer(request) }
        waiting.cancel()
        await expectServingError(.cancelled) { _ = try await waiting.value }
        #expect(request.cancellation.isCancelled)
        try await expectNothingElseRan(rig, held, before: before)
    }

    @Test("leaves no handler behind when it was answered")
    func noHandlerLeft() async throws {
        let rig = ServingRig()
        await rig.serve(1)
        let request = try ServingRig.request(deadline: .now + .seconds(3600))
        #expect(try await rig.service.infer(request).version == 1)
        #expect(!request.cancellation.isCancelled)
        request.cancellation.cancel()
        #expect(try await rig.service.infer(ServingRig.request()).version == 1)
    }
}
