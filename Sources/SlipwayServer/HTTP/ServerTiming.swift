// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
package import SlipwayCore

/// The `Server-Timing` header (W3C Server Timing): queue and compute in milliseconds.
package enum ServerTiming {
    static let header = HTTPField.Name.known("server-timing")

    package static func text(_ timings: InferenceTimings) -> String {
        let compute = timings.computeInput + timings.compute + timings.computeOutput
        return "queue;dur=\(milliseconds(timings.queue)), compute;dur=\(milliseconds(compute))"
    }

    /// Three decimals: microseconds.
    private static func milliseconds(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        let microseconds = max(0, seconds) * 1_000_000 + max(0, attoseconds) / 1_000_000_000_000
        let fraction = String(microseconds % 1000)
        return "\(microseconds / 1000).\(String(repeating: "0", count: 3 - fraction.count))\(fraction)"
    }
}
