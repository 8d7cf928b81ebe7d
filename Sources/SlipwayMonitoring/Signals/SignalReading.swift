// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// What a reading is of.
package struct SignalKey: Sendable, Hashable, Codable {
    package var endpoint: String
    /// `nil` for signals of the endpoint as a whole.
    package var version: VersionID?
    package var kind: SignalKind
    /// A feature, an output, a segment, a KPI; `nil` where the kind has none.
    package var subject: String?

    package init(endpoint: String, version: VersionID?, kind: SignalKind, subject: String? = nil) {
        self.endpoint = endpoint
        self.version = version
        self.kind = kind
        self.subject = subject
    }
}

/// What a monitor measured, with what is needed to judge it.
package struct SignalReading: Sendable, Hashable, Codable {
    package var value: Double
    /// Rows, requests or labels it was computed of.
    package var samples: Int
    /// How probable a value at least as extreme is when nothing has changed; `nil` where there is no test.
    package var pValue: Double?
    /// Half the width of a 95 % confidence interval; `nil` where there is none.
    package var margin: Double?
    /// The same quantity in the reference; `nil` where there is none.
    package var reference: Double?
    /// The convention by name: binning, epsilon, scheme: `256 reference quantiles, floor 1e-4`.
    package var method: String
    /// What moved, in words a person can act on: `age: median 34 -> 51`.
    package var explanation: String?
    /// Requests that show it, at most 5.
    package var examples: [String]
    /// Of what it was computed of; `nil` where that is the endpoint's sliding window.
    package var windowSeconds: Double?

    package init(
        value: Double, samples: Int, pValue: Double? = nil, margin: Double? = nil, reference: Double? = nil,
        method: String, explanation: String? = nil, examples: [String] = []
    ) {
        self.value = value
        self.samples = samples
        self.pValue = pValue
        self.margin = margin
        self.reference = reference
        self.method = method
        self.explanation = explanation
        self.examples = examples
    }
}

/// All that monitors say at one moment.
package struct SignalReport: Sendable {
    package var at: Timestamp
    package var readings: [SignalKey: SignalReading]

    package init(at: Timestamp, readings: [SignalKey: SignalReading] = [:]) {
        self.at = at
        self.readings = readings
    }
}
