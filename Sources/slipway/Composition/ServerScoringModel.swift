// SPDX-License-Identifier: Apache-2.0

import SlipwayClient
import SlipwayControl
import SlipwayCore

/// An endpoint of a running server, asked row by row.
struct ServerScoringModel: ScoringModel {
    let client: InferenceClient
    let reference: ModelReference
    /// The version asked for; `nil` for what the endpoint serves.
    let number: Int?
    let signature: ModelSignature
    let version: String
    let maximumBatchSize: Int?
    /// Enough to keep a server's lanes busy while answers travel.
    let parallelCalls = 4

    init(_ client: InferenceClient, _ reference: ModelReference, at address: String) async throws {
        var number: Int?
        if case .version(let asked) = reference.selector { number = asked }
        let metadata = try await client.metadata(of: reference.name, version: number)
        let served = number.map { "\($0)" } ?? metadata.versions?.joined(separator: ",") ?? "?"
        self.client = client
        self.reference = reference
        self.number = number
        signature = metadata.signature
        version = "\(reference.name):\(served) at \(address)"
        // Every first extent that is fixed bounds the rows of a call.
        maximumBatchSize = metadata.inputs.compactMap { $0.shape.first.flatMap { $0 > 0 ? $0 : nil } }.min()
    }

    func predict(_ inputs: @escaping @Sendable () throws -> NamedTensors) async throws -> NamedTensors {
        let tensors = try inputs()
        try signature.check(tensors)
        return try await client.infer(reference.name, version: number, inputs: tensors).outputs
    }

    func close() async {}
}

extension EndpointMetadata {
    /// The same facts as a signature; open extents are dynamic.
    var signature: ModelSignature {
        let spec = { (tensor: TensorMetadata) in
            TensorSpec(
                name: tensor.name, elementType: tensor.datatype,
                shape: tensor.shape.map { $0 < 0 ? .dynamic : .fixed($0) })
        }
        return ModelSignature(inputs: inputs.map(spec), outputs: outputs.map(spec))
    }
}
