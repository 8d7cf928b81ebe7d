// SPDX-License-Identifier: Apache-2.0

/// The answer to one ``InferenceRequest``.
public struct InferenceResponse: Sendable {
    public var id: String?
    public var endpoint: String
    public var version: Int
    public var outputs: NamedTensors
    public var timings: InferenceTimings
    /// Why it was this version that answered.
    public var route: RouteKind
    /// Rows of the largest engine call that answered it; 0 when none did.
    public var batchSize: Int

    public init(
        id: String?, endpoint: String, version: Int, outputs: NamedTensors, timings: InferenceTimings,
        route: RouteKind = .primary, batchSize: Int = 0
    ) {
        self.id = id
        self.endpoint = endpoint
        self.version = version
        self.outputs = outputs
        self.timings = timings
        self.route = route
        self.batchSize = batchSize
    }
}

/// Where a request's time went.
public struct InferenceTimings: Sendable, Hashable {
    /// From admission until a lane takes it.
    public var queue: Duration
    /// Putting the batch together and taking its answer apart.
    public var batch: Duration
    /// Handing the inputs to the engine.
    public var computeInput: Duration
    /// Inside the engine.
    public var compute: Duration
    /// Taking the outputs from the engine.
    public var computeOutput: Duration
    /// Writing the answer in the caller's protocol.
    public var encode: Duration

    public init(
        queue: Duration = .zero, batch: Duration = .zero, computeInput: Duration = .zero, compute: Duration = .zero,
        computeOutput: Duration = .zero, encode: Duration = .zero
    ) {
        self.queue = queue
        self.batch = batch
        self.computeInput = computeInput
        self.compute = compute
        self.computeOutput = computeOutput
        self.encode = encode
    }
}
