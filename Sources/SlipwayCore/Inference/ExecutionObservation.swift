// SPDX-License-Identifier: Apache-2.0

/// What happened in one engine call, which may have answered several requests.
public struct ExecutionObservation: Sendable {
    public let endpoint: String
    public let version: Int
    /// Rows executed together.
    public let rows: Int
    /// Without queue and encode, which are requests' own.
    public let timings: InferenceTimings

    public init(endpoint: String, version: Int, rows: Int, timings: InferenceTimings) {
        self.endpoint = endpoint
        self.version = version
        self.rows = rows
        self.timings = timings
    }
}
