// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
package import SlipwayCore

/// The `Server-Timing` header (W3C Server Timing): queue, batch, compute and encode in milliseconds.
package enum ServerTiming {
    static let header = HTTPField.Name.known("server-timing")

    package static func text(_ timings: InferenceTimings) -> String {
        let compute = timings.computeInput + timings.compute + timings.computeOutput
        var text = "queue;dur="
        append(timings.queue, to: &text)
        text += ", batch;dur="
        append(timings.batch, to: &text)
        text += ", compute;dur="
        append(compute, to: &text)
        text += ", encode;dur="
        append(timings.encode, to: &text)
        return text
    }

    /// Three decimals: microseconds.
    private static func append(_ duration: Duration, to text: inout String) {
        let (seconds, attoseconds) = duration.components
        let microseconds = max(0, seconds) * 1_000_000 + max(0, attoseconds) / 1_000_000_000_000
        let fraction = microseconds % 1000
        text += String(microseconds / 1000)
        text += fraction < 10 ? ".00" : fraction < 100 ? ".0" : "."
        text += String(fraction)
    }
}
