// SPDX-License-Identifier: Apache-2.0

import Glibc

/// When requests are to be sent in an open loop: a Poisson process.
///
/// Gaps are exponential with mean `1 / rate` and come from a seeded generator, so that two runs with one seed
/// send at the same instants.
package struct ArrivalSchedule: Sendable {
    private let meanGap: Double
    private var random: SeededRandom
    private var elapsed = 0.0

    /// - Parameter rate: Requests per second; positive.
    package init(rate: Double, seed: UInt64) {
        precondition(rate > 0, "a positive rate")
        meanGap = 1e9 / rate
        random = SeededRandom(seed: seed)
    }

    /// The next arrival, in nanoseconds since the start.
    package mutating func next() -> UInt64 {
        // By inversion; 1 - u lies in (0, 1], where the logarithm is finite.
        elapsed -= log(1 - Double.random(in: 0..<1, using: &random)) * meanGap
        return elapsed < Double(UInt64.max / 2) ? UInt64(elapsed) : .max / 2
    }
}

/// The SplitMix64 generator (Steele, Lea, Flood 2014): small, fast, the same numbers for the same seed.
package struct SeededRandom: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
