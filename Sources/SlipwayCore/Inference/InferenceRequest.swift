// SPDX-License-Identifier: Apache-2.0

/// One question to an endpoint, whatever protocol it came by.
public struct InferenceRequest: Sendable {
    /// The caller's id, echoed in the answer; `nil` when none was given.
    public var id: String?
    /// By which feedback finds the answer later: the caller's own where there is one, else the server's.
    public var feedbackID: String?
    public var endpoint: String
    /// A version asked for by number, which bypasses routing.
    public var version: Int?
    public var inputs: NamedTensors
    /// The outputs wanted, in this order; `nil` for all.
    public var requestedOutputs: [String]?
    public var parameters: [String: ParameterValue]
    public var caller: Caller
    /// What keeps a conversation on one version; `nil` for requests that are none.
    public var conversation: String?
    /// 0 is the most urgent, 7 the least (as in RFC 9218).
    public var urgency: Int
    /// After this instant nobody wants the answer.
    public var deadline: ContinuousClock.Instant?
    public var cancellation: CancellationFlag
    /// The caller's trace; `nil` when it follows none.
    public var trace: TraceLink?
    public let receivedAt: ContinuousClock.Instant

    /// Of a request that says nothing about it.
    public static let usualUrgency = 3
    public static let leastUrgent = 7

    public init(
        id: String? = nil, endpoint: String, version: Int? = nil, inputs: NamedTensors,
        requestedOutputs: [String]? = nil, parameters: [String: ParameterValue] = [:],
        caller: Caller = Caller(), urgency: Int = Self.usualUrgency, deadline: ContinuousClock.Instant? = nil,
        cancellation: CancellationFlag = CancellationFlag(), receivedAt: ContinuousClock.Instant = .now
    ) {
        self.id = id
        self.endpoint = endpoint
        self.version = version
        self.inputs = inputs
        self.requestedOutputs = requestedOutputs
        self.parameters = parameters
        self.caller = caller
        self.urgency = urgency
        self.deadline = deadline
        self.cancellation = cancellation
        self.receivedAt = receivedAt
    }
}
