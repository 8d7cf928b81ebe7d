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
    /// Why it was this version that answered.
    public let route: RouteKind
    public let outcome: Outcome
    /// Rows in the request: its first dimension where that is a batch, else 1.
    public let rows: Int
    /// Rows of the largest engine call it took part in, its own included; 0 when it was not executed.
    public let batchSize: Int
    public let inputBytes: Int
    public let outputBytes: Int
    public let timings: InferenceTimings
    /// From receipt to the end, the encoding of the answer included.
    public let total: Duration
    /// The caller's trace; `nil` when it follows none.
    public var trace: TraceLink?

    public init(
        requestID: String?, endpoint: String, version: Int?, route: RouteKind, outcome: Outcome, rows: Int,
        batchSize: Int, inputBytes: Int, outputBytes: Int, timings: InferenceTimings, total: Duration
    ) {
        self.requestID = requestID
        self.endpoint = endpoint
        self.version = version
        self.route = route
        self.outcome = outcome
        self.rows = rows
        self.batchSize = batchSize
        self.inputBytes = inputBytes
        self.outputBytes = outputBytes
        self.timings = timings
        self.total = total
    }
}
