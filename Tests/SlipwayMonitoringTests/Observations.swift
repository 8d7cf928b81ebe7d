// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

extension InferenceObservation {
    /// An observation with the facts a test cares about; each phase of compute takes what `compute` tells.
    static func sample(
        endpoint: String = "fraud", version: Int? = 1, outcome: Outcome = .success, rows: Int = 1, batchSize: Int = 1,
        compute: Duration = .microseconds(100)
    ) -> InferenceObservation {
        InferenceObservation(
            requestID: nil, endpoint: endpoint, version: version, outcome: outcome, rows: rows, batchSize: batchSize,
            inputBytes: 40, outputBytes: 8,
            timings: InferenceTimings(
                queue: .microseconds(10), computeInput: .microseconds(1), compute: compute,
                computeOutput: .microseconds(2)),
            total: .microseconds(200))
    }
}
