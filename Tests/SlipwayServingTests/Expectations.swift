// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayServing
import SlipwayTestKit
import Synchronization
import Testing

/// Expects `body` to fail with a ``ServingError`` of this code, and returns it.
@discardableResult
func expectServingError(
    _ code: ServingError.Code, sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> Void
) async -> ServingError? {
    let error = await #expect(throws: ServingError.self, sourceLocation: sourceLocation) { try await body() }
    #expect(error?.code == code, sourceLocation: sourceLocation)
    return error
}

extension ServingRig {
    /// Expects that no request holds anything of an endpoint any more.
    func expectIdle(_ endpoint: String = "e", sourceLocation: SourceLocation = #_sourceLocation) throws {
        let load = try service.endpoint(endpoint).admission.load
        #expect(load.requests == 0, sourceLocation: sourceLocation)
        #expect(load.bytes == 0, sourceLocation: sourceLocation)
    }

    /// Closes the gate and has a request's call held there; for endpoints with one lane, which has no other work.
    func hold(_ request: InferenceRequest) async -> Task<[Float], any Error> {
        let arrivals = gate.arrivals
        gate.close()
        let held = Task { try await ask(request) }
        await gate.waitForArrivals(arrivals + 1)
        return held
    }

    /// Asks one after another and returns when all wait for a lane.
    func queue(_ requests: [InferenceRequest]) async -> [Task<[Float], any Error>] {
        var tasks: [Task<[Float], any Error>] = []
        for request in requests {
            let waiting = waiting(request.endpoint)
            tasks.append(Task { try await ask(request) })
            await until { self.waiting(request.endpoint) == waiting + 1 }
        }
        return tasks
    }
}

/// How many tasks of a test still go on, for those that go on as long.
final class Countdown: Sendable {
    private let left: Atomic<Int>

    init(_ count: Int) { left = Atomic(count) }

    var isOver: Bool { left.load(ordering: .relaxed) <= 0 }
    func end() { left.subtract(1, ordering: .relaxed) }
}
