// SPDX-License-Identifier: Apache-2.0

import SlipwayServing

/// Begins the jobs of one call a few at a time, in their order, so that a long call does not fill the queue that others
/// wait in, nor is refused because of itself.
package struct RequestWindow<Job: Sendable, Begun: Sendable>: Sendable {
    /// Jobs that are begun and have not ended, at most.
    package static var most: Int { 16 }

    private var waiting: ArraySlice<Job>
    private var begun: [Begun] = []
    private var reading = 0

    package init(_ jobs: [Job]) { waiting = jobs[...] }

    /// Begins as many as there is room for. One that finds the queue full waits for one of its own call to end.
    ///
    /// - Throws: What `begin` throws; ``ServingError`` `overloaded` only where none of the call's jobs is under way.
    package mutating func fill(_ begin: (Job) async throws -> Begun) async throws {
        while begun.count + reading < Self.most, let job = waiting.first {
            do {
                begun.append(try await begin(job))
            } catch let error as ServingError where error.code == .overloaded && begun.count + reading > 0 {
                return
            }
            waiting.removeFirst()
        }
    }

    /// The next one that is begun, to be read until ``ended()``.
    package mutating func next() -> Begun? {
        guard !begun.isEmpty else { return nil }
        reading += 1
        return begun.removeFirst()
    }

    /// One that ``next()`` gave has ended.
    package mutating func ended() { reading -= 1 }
}
