// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// Decides when to write again after the disk failed: after 10 seconds, then ever later, at most 5 minutes.
package struct CaptureGate: Sendable {
    private struct Failure {
        var reason: String
        var at: Timestamp
        var pauseMilliseconds: Int64
        /// Whether the pause is over and the next write tells.
        var isTrying = false
    }

    private static let firstPause: Int64 = 10_000
    private static let longestPause: Int64 = 300_000

    private var failure: Failure?

    package init() {}

    /// Why nothing is written, or was not when last tried; `nil` when all is well.
    package var trouble: String? { failure?.reason }
    /// Whether nothing may be written now.
    package var isClosed: Bool { failure.map { !$0.isTrying } ?? false }

    package mutating func failed(_ reason: String, at now: Timestamp) {
        let pause = failure.map { min($0.pauseMilliseconds * 2, Self.longestPause) } ?? Self.firstPause
        failure = Failure(reason: reason, at: now, pauseMilliseconds: pause)
    }

    package mutating func succeeded() { failure = nil }

    /// Lets the next write try when the pause is over; a clock that stepped back begins it anew.
    package mutating func look(at now: Timestamp) {
        guard let failure, !failure.isTrying else { return }
        if now < failure.at { self.failure?.at = now }
        if now.milliseconds - failure.at.milliseconds >= failure.pauseMilliseconds { self.failure?.isTrying = true }
    }
}
