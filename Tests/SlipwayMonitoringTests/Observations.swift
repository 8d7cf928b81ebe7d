// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

extension InferenceObservation {
    /// An observation with the facts a test cares about.
    static func sample(
        endpoint: String = "fraud", version: Int? = 1, route: RouteKind = .primary, outcome: Outcome = .success,
        rows: Int = 1, batchSize: Int = 1
    ) -> InferenceObservation {
        InferenceObservation(
            requestID: nil, endpoint: endpoint, version: version, route: route, outcome: outcome, rows: rows,
            batchSize: batchSize, inputBytes: 40, outputBytes: 8,
            timings: InferenceTimings(
                queue: .microseconds(10), computeInput: .microseconds(1), compute: .microseconds(100),
                computeOutput: .microseconds(2)),
            total: .microseconds(200))
    }
}

extension ExecutionObservation {
    /// One engine call of `rows` rows.
    static func call(rows: Int = 1, compute: Duration = .microseconds(100)) -> ExecutionObservation {
        ExecutionObservation(
            endpoint: "fraud", version: 1, rows: rows,
            timings: InferenceTimings(
                computeInput: .microseconds(1), compute: compute, computeOutput: .microseconds(2)))
    }
}
