// SPDX-License-Identifier: Apache-2.0

/// What was asked and answered in one successful request: what monitors of data and quality look at.
///
/// Tensors share their storage with the request's, so that keeping one keeps its bytes in memory. A class, because it
/// is handed from queue to queue: a copy is a reference.
public final class PredictionObservation: Sendable {
    /// The id in the answer's `x-request-id`, by which feedback comes later.
    public let requestID: String?
    public let endpoint: String
    public let version: VersionID
    public let route: RouteKind
    public let at: Timestamp
    public let inputs: NamedTensors
    public let outputs: NamedTensors
    public let parameters: [String: ParameterValue]
    /// Rows in the request: its first dimension where that is a batch, else 1.
    public let rows: Int
    /// From receipt to the end, the encoding of the answer included.
    public let total: Duration

    public init(
        requestID: String?, endpoint: String, version: VersionID, route: RouteKind, at: Timestamp,
        inputs: NamedTensors, outputs: NamedTensors, parameters: [String: ParameterValue], rows: Int, total: Duration
    ) {
        self.requestID = requestID
        self.endpoint = endpoint
        self.version = version
        self.route = route
        self.at = at
        self.inputs = inputs
        self.outputs = outputs
        self.parameters = parameters
        self.rows = rows
        self.total = total
    }

    /// Bytes of its tensors, and some for the rest.
    public var byteCount: Int { inputs.byteCount + outputs.byteCount + Self.otherBytes }
    /// Counted for what is no tensor.
    public static let otherBytes = 256
}
