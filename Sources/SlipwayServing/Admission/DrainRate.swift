// SPDX-License-Identifier: Apache-2.0

import Glibc

/// How fast an endpoint gets rid of requests, learned from those that it was done with.
///
/// Only time with something to drain counts, so that a pause in the traffic does not look like a slow model.
/// Releases and busy time fade alike, exponentially; their quotient is the rate.
struct DrainRate: Sendable, Equatable {
    /// After so many busy seconds, what was seen counts 1/e; and after so many releases, where those take longer, for
    /// an average over less than a few of them says nothing.
    private static let memorySeconds = 5.0
    private static let memoryReleases = 10.0

    private var released = 0.0
    private var busySeconds = 0.0
    /// Busy seconds since the last release; they join the average with the next one.
    private var stalledSeconds = 0.0
    private var latest: ContinuousClock.Instant?

    /// Lets time pass; a clock that went back counts as standing still.
    mutating func advance(to now: ContinuousClock.Instant, isBusy: Bool) {
        guard let before = latest else {
            latest = now
            return
        }
        guard now > before else { return }
        latest = now
        guard isBusy else { return }
        stalledSeconds += (now - before) / .seconds(1)
    }

    mutating func countRelease() {
        if let rate = perSecond {
            let memory = max(Self.memorySeconds, Self.memoryReleases / rate)
            let kept = exp(-stalledSeconds / memory)
            released *= kept
            busySeconds = busySeconds * kept + memory * (1 - kept)
        } else {
            // Nothing to fade yet: the time until the first release counts whole.
            busySeconds += stalledSeconds
        }
        released += 1
        stalledSeconds = 0
    }

    /// Requests per second; `nil` before the first one was released.
    private var perSecond: Double? { released > 0 && busySeconds > 0 ? released / busySeconds : nil }

    /// Until `count` more requests are gone, in seconds.
    ///
    /// No less than the time for which nothing has gone: a queue that stands still moves no sooner for having been
    /// fast before.
    func seconds(untilReleased count: Double) -> Double {
        max(perSecond.map { count / $0 } ?? 0, stalledSeconds)
    }
}
