// SPDX-License-Identifier: Apache-2.0

import Glibc
import SlipwayCore

/// When requests are to be sent in an open loop: a Poisson process.
///
/// Gaps are exponential with mean `1 / rate` and come from a seeded generator, so that two runs with one seed
/// send at the same instants.
package struct ArrivalSchedule: Sendable {
    private let meanGap: Double
    private var random: SplitMix64
    private var elapsed = 0.0

    /// - Parameter rate: Requests per second; positive.
    package init(rate: Double, seed: UInt64) {
        precondition(rate > 0, "a positive rate")
        meanGap = 1e9 / rate
        random = SplitMix64(seed: seed)
    }

    /// The next arrival, in nanoseconds since the start.
    package mutating func next() -> UInt64 {
        // By inversion; 1 - u lies in (0, 1], where the logarithm is finite.
        elapsed -= log(1 - Double.random(in: 0..<1, using: &random)) * meanGap
        return elapsed < Double(UInt64.max / 2) ? UInt64(elapsed) : .max / 2
    }
}
