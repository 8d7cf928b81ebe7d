// SPDX-License-Identifier: Apache-2.0

/// What happened to one request: the only thing Serving tells and Monitoring hears.
public struct InferenceObservation: Sendable {
    public enum Outcome: Sendable, Hashable {
        case success
        case failure(ErrorCategory)
    }

    public let requestID: String?
    public let endpoint: String
    /// `nil` when the request failed before a version was chosen.
    public let version: Int?
    public let outcome: Outcome
    /// Rows in the request: its first dimension where that is a batch, else 1.
    public let rows: Int
    /// Rows that were executed together with it, its own included; 0 when it was not executed.
    public let batchSize: Int
    public let inputBytes: Int
    public let outputBytes: Int
    public let timings: InferenceTimings
    /// From receipt to the end.
    public let total: Duration

    public init(
        requestID: String?, endpoint: String, version: Int?, outcome: Outcome, rows: Int, batchSize: Int,
        inputBytes: Int, outputBytes: Int, timings: InferenceTimings, total: Duration
    ) {
        self.requestID = requestID
        self.endpoint = endpoint
        self.version = version
        self.outcome = outcome
        self.rows = rows
        self.batchSize = batchSize
        self.inputBytes = inputBytes
        self.outputBytes = outputBytes
        self.timings = timings
        self.total = total
    }
}
