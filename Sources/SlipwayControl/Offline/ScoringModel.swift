// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
import SlipwayEngine

/// What scores rows: a version loaded here, or a server.
package protocol ScoringModel: Sendable {
    var signature: ModelSignature { get }
    /// Which version it is, for the journal: results of two versions must not be mixed.
    var version: String { get }
    /// The most rows of one call; `nil` for no limit.
    var maximumBatchSize: Int? { get }
    /// Calls that it is worth to have under way at the same time.
    var parallelCalls: Int { get }

    /// Makes the inputs, checks them against the signature and runs the model once.
    ///
    /// - Parameter inputs: Called once, where it may take its time.
    func predict(_ inputs: @escaping @Sendable () throws -> NamedTensors) async throws -> NamedTensors

    /// Gives back what it holds.
    func close() async
}

/// A version that is loaded in this process, with a lane for each core.
struct LocalScoringModel: ScoringModel {
    let signature: ModelSignature
    let version: String
    let maximumBatchSize: Int?
    let parallelCalls: Int
    private let model: any TensorModel
    private let lanes: LaneGroup

    init(_ model: any TensorModel, version: String, lanes count: Int) throws {
        signature = model.signature
        maximumBatchSize = model.maximumBatchSize
        parallelCalls = count
        self.version = version
        self.model = model
        lanes = try LaneGroup(count: count)
    }

    func predict(_ inputs: @escaping @Sendable () throws -> NamedTensors) async throws -> NamedTensors {
        let model = model
        return try await lanes.queue.run {
            let tensors = try inputs()
            try model.signature.check(tensors)
            return try model.predict(tensors, requestedOutputs: nil, cancellation: CancellationFlag()).outputs
        }
    }

    func close() async { await lanes.stop() }
}
