// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SlipwayClient
import SlipwayControl
import SlipwayCore
import SlipwayWire

struct PredictCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "predict", abstract: "Asks an endpoint, or a version: once, or for every row of a data set.",
        discussion: """
            Without --server the version is loaded here. JSON is a V2 request, {"data": rows} or bare rows; CSV and \
            Arrow columns are inputs where the heads are their names, else features of the only input.

            With --out, and for JSON lines, Arrow and files over 64 MiB, rows are scored a few at a time in constant \
            memory, and each answer becomes a line with its row's number. Work that was interrupted goes on when the \
            same command is run again.
            """)

    @Argument(help: "An endpoint, or a reference such as name:3.")
    var endpoint: String

    @Option(help: ArgumentHelp("A file: .csv, .json, .jsonl, .npz, .npy or .arrow.", valueName: "file"))
    var data: String?

    @Option(
        name: .customLong("input"), help: ArgumentHelp("One input's values; may be repeated.", valueName: "name=1,2,3"))
    var inputs: [String] = []

    @OptionGroup(title: "Scoring rows") var scoring: ScoringOptions

    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard (data == nil) != inputs.isEmpty else {
            throw ValidationError("give either --data FILE or --input NAME=VALUES")
        }
        guard data != nil || !scoring.areGiven else {
            throw ValidationError("--input is one call: options for scoring rows go with --data FILE")
        }
    }

    func run() async throws {
        if let data, scoring.areGiven || OfflineScoring.isMeant(for: data) {
            let job = try scoring.job(for: data)
            let scores = try await global.serverAddress == nil ? scoreHere(job) : scoreOnServer(job)
            return try ScoreReport(scores, job).tell(as: global.output)
        }
        let input = data.map { PredictionInput.file($0) } ?? .values(inputs)
        let response = try await global.serverAddress == nil ? askHere(input) : askServer(input)
        if global.output == .json {
            let reply = try V2InferEncoder.encode(response, as: V2ReplyForm())
            print(String(decoding: reply.body, as: UTF8.self))
        } else {
            for output in response.outputs { print(TensorText.describe(output.name, output.tensor)) }
        }
    }

    private func scoreHere(_ job: OfflineScoring.Job) async throws -> ScoreReport.Outcome {
        // A lane for each core, so one thread for each call.
        try await withPrediction(threads: 1) { prediction in
            try await ScoringRun(job).run(try await prediction.scoringModel(endpoint))
        }
    }

    private func scoreOnServer(_ job: OfflineScoring.Job) async throws -> ScoreReport.Outcome {
        let server = try await inferenceServer()
        return try await ScoringRun(job).run(server)
    }

    private func askHere(_ input: PredictionInput) async throws -> InferenceResponse {
        try await withPrediction(threads: EngineCache.cores) { try await $0.run(endpoint, input) }
    }

    private func askServer(_ input: PredictionInput) async throws -> InferenceResponse {
        let server = try await inferenceServer()
        let reply = try await server.client.infer(
            server.reference.name, version: server.number, inputs: try input.tensors(for: server.signature))
        return InferenceResponse(
            id: nil, endpoint: reply.model ?? endpoint, version: reply.version.flatMap { Int($0) } ?? 0,
            outputs: reply.outputs, timings: InferenceTimings())
    }

    private func inferenceServer() async throws -> ServerScoringModel {
        let address = try await global.withAdmin { try await LiveReplica.inferenceAddress($0) }
        return try await ServerScoringModel(
            InferenceClient(server: address), try ModelReference(parsing: endpoint), at: "\(address)")
    }

    private func withPrediction<R>(
        threads: Int, _ body: (LocalPrediction) async throws -> R
    ) async throws -> R {
        var failures: [String] = []
        let engines = EngineCache.discover(threads: threads) { failures.append("\($0)") }
        let home = try await OpenHome(folder: global.homeFolder, engines: engines)
        for failure in failures { Console.warning(failure) }
        do {
            let result = try await body(
                LocalPrediction(store: home.store, artifacts: home.artifacts, engines: engines))
            await home.close()
            return result
        } catch {
            await home.close()
            throw error
        }
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
