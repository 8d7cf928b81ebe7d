// SPDX-License-Identifier: Apache-2.0

public import SlipwayCore

/// A loaded model that maps input tensors to output tensors.
///
/// Lanes call ``predict(_:requestedOutputs:cancellation:)`` from their own threads, at most
/// ``maximumConcurrency`` at the same time; it may block.
public protocol TensorModel: Sendable {
    /// What the engine found in the file; the truth for checking requests.
    var signature: ModelSignature { get }
    var maximumConcurrency: Int { get }
    /// The largest first dimension one call accepts; `nil` means no limit.
    var maximumBatchSize: Int? { get }
    /// Bytes the model keeps resident, as far as the engine can tell; 0 when it cannot.
    var residentBytes: Int { get }

    /// Runs the model once.
    ///
    /// - Parameters:
    ///   - inputs: Checked against ``signature`` by the caller.
    ///   - requestedOutputs: Names of outputs in the order wanted; `nil` for all in signature order.
    ///     Outputs not named need not be computed.
    ///   - cancellation: When set, the call ends soon with `cancelled`, where the engine can.
    /// - Returns: The outputs, in the order asked for. Their storage does not change afterwards.
    /// - Throws: ``EngineError`` `inputMismatch`, `executionFailed` or `cancelled`. No state is left behind.
    func predict(
        _ inputs: NamedTensors, requestedOutputs: [String]?, cancellation: CancellationFlag
    ) throws(EngineError) -> Prediction
}

/// The outputs of one call and where its time went.
public struct Prediction: Sendable {
    public let outputs: NamedTensors
    /// Handing the inputs over, computing, taking the outputs.
    public let timings: InferenceTimings

    public init(outputs: NamedTensors, timings: InferenceTimings) {
        self.outputs = outputs
        self.timings = timings
    }
}
