// SPDX-License-Identifier: Apache-2.0

/// The answer to one ``InferenceRequest``.
public struct InferenceResponse: Sendable {
    public var id: String?
    public var endpoint: String
    public var version: Int
    public var outputs: NamedTensors
    public var timings: InferenceTimings

    public init(
        id: String?, endpoint: String, version: Int, outputs: NamedTensors, timings: InferenceTimings
    ) {
        self.id = id
        self.endpoint = endpoint
        self.version = version
        self.outputs = outputs
        self.timings = timings
    }
}

/// Where a request's time went.
public struct InferenceTimings: Sendable, Hashable {
    /// From admission to the start of its execution.
    public var queue: Duration
    /// Handing the inputs to the engine.
    public var computeInput: Duration
    /// Inside the engine.
    public var compute: Duration
    /// Taking the outputs from the engine.
    public var computeOutput: Duration

    public init(
        queue: Duration = .zero, computeInput: Duration = .zero, compute: Duration = .zero,
        computeOutput: Duration = .zero
    ) {
        self.queue = queue
        self.computeInput = computeInput
        self.compute = compute
        self.computeOutput = computeOutput
    }
}
