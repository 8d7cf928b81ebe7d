// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc
import SlipwayClient
import SlipwayControl
import SlipwayCore
import SlipwayWire

struct PredictCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "predict", abstract: "Asks an endpoint, or a version, once.",
        discussion: """
            Without --server the version is loaded here. JSON is a V2 request, {"data": rows} or bare rows; CSV \
            columns are inputs where the heads are their names, else features of the only input.
            """)

    @Argument(help: "An endpoint, or a reference such as name:3.")
    var endpoint: String

    @Option(help: ArgumentHelp("A file: .csv, .json, .npz or .npy.", valueName: "file"))
    var data: String?

    @Option(
        name: .customLong("input"), help: ArgumentHelp("One input's values; may be repeated.", valueName: "name=1,2,3"))
    var inputs: [String] = []

    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard (data == nil) != inputs.isEmpty else {
            throw ValidationError("give either --data FILE or --input NAME=VALUES")
        }
    }

    func run() async throws {
        let input = data.map { PredictionInput.file($0) } ?? .values(inputs)
        let response = try await global.serverAddress == nil ? askHere(input) : askServer(input)
        if global.output == .json {
            let reply = try V2InferEncoder.encode(response, as: V2ReplyForm())
            print(String(decoding: reply.body, as: UTF8.self))
        } else {
            for output in response.outputs { print(TensorText.describe(output.name, output.tensor)) }
        }
    }

    private func askHere(_ input: PredictionInput) async throws -> InferenceResponse {
        var failures: [String] = []
        let engines = EngineCache.discover(threads: EngineCache.cores) { failures.append("\($0)") }
        let home = try await OpenHome(folder: global.homeFolder, engines: engines)
        for failure in failures { Console.warning(failure) }
        let prediction = LocalPrediction(store: home.store, artifacts: home.artifacts, engines: engines)
        do {
            let response = try await prediction.run(endpoint, input)
            await home.close()
            return response
        } catch {
            await home.close()
            throw error
        }
    }

    private func askServer(_ input: PredictionInput) async throws -> InferenceResponse {
        let server = try await global.withAdmin { try await LiveReplica.inferenceAddress($0) }
        let client = InferenceClient(server: server)
        let reference = try ModelReference(parsing: endpoint)
        var number: Int?
        if case .version(let version) = reference.selector { number = version }
        let metadata = try await client.metadata(of: reference.name, version: number)
        let reply = try await client.infer(
            reference.name, version: number, inputs: try input.tensors(for: metadata.signature))
        return InferenceResponse(
            id: nil, endpoint: reply.model ?? endpoint, version: reply.version.flatMap { Int($0) } ?? 0,
            outputs: reply.outputs, timings: InferenceTimings())
    }
}

/// Finds a replica to ask.
enum LiveReplica {
    static func inferenceAddress(_ admin: any AdminService) async throws -> ServerAddress {
        guard let address = try await admin.replicas().first(where: { $0.isAlive })?.addresses["http"] else {
            throw ValidationFailure("no replica is up: slipway serve starts one")
        }
        return try ServerAddress(parsing: address)
    }
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
