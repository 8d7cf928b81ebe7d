// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Configuration
import Foundation
import SlipwayCore
import SlipwayServer

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Serves the home's endpoints until SIGTERM or Ctrl-C.",
        discussion: """
            Settings come from flags, then the environment (SLIPWAY_MAX_BODY for max-body), then slipway.yaml \
            (--config, or the file of that name in the home), then defaults.
            """)

    @Option(help: ArgumentHelp("Settings file.", valueName: "slipway.yaml"))
    var config: String?

    @Option(help: ArgumentHelp("Inference address (default 127.0.0.1:8080).", valueName: "host:port"))
    var http: String?

    @Option(help: ArgumentHelp("gRPC inference address (default 127.0.0.1:8081).", valueName: "host:port"))
    var grpc: String?

    @Option(help: ArgumentHelp("Admin address (default 127.0.0.1:8082).", valueName: "host:port"))
    var admin: String?

    @Option(
        help: ArgumentHelp(
            "Web pages that may call the inference port from a browser (default: none).", valueName: "origin,...")
    )
    var corsOrigins: String?

    @Option(
        help: ArgumentHelp("Connections of each listener (default: half of the open files allowed).", valueName: "n"))
    var maxConnections: String?

    @Flag(
        name: .customLong("strict-tensorflow-serving"),
        help: "Answer /v1/models as TensorFlow Serving alone does, without what KServe and OpenAI clients read.")
    var strictTensorFlowServing = false

    @Flag(name: .customLong("vllm-metrics"), help: "Add the names that vLLM gives to its metrics to /metrics.")
    var vllmMetrics = false

    @Option(
        help: ArgumentHelp(
            "Other servers' names in /metrics too: vllm, triton, tensorflow-serving.", valueName: "name,..."))
    var metricNames: String?

    @Option(
        help: ArgumentHelp(
            "Where alerts go (default: monitoring.yaml in the home, where there is one).", valueName: "path"))
    var monitoring: String?

    @Option(help: ArgumentHelp("Push metrics to a StatsD daemon or a Datadog agent.", valueName: "host:port"))
    var statsd: String?

    @Option(help: ArgumentHelp("statsd or dogstatsd (default statsd).", valueName: "dialect"))
    var statsdDialect: String?

    @Option(help: ArgumentHelp("Push metrics, traces and logs to an OpenTelemetry collector.", valueName: "url"))
    var otlp: String?

    @Option(
        help: ArgumentHelp("Of requests that follow no trace, the share that begins one (default 0%).", valueName: "%"))
    var traceShare: String?

    @Flag(help: "Allow V2 load, unload, trace and log settings on the inference port.")
    var repositoryControl = false

    @Option(
        help: ArgumentHelp("Largest request body, before and after decompression (default 64 MiB).", valueName: "bytes")
    )
    var maxBody: String?

    @Option(help: ArgumentHelp("Requests an endpoint may hold (default 1024).", valueName: "n"))
    var maxRequests: String?

    @Option(help: ArgumentHelp("Input bytes an endpoint may hold (default 1 GiB).", valueName: "bytes"))
    var maxRequestBytes: String?

    @Option(help: ArgumentHelp("Bytes all models may take (default: what the machine has).", valueName: "bytes"))
    var modelMemory: String?

    @Option(help: ArgumentHelp("Lanes of each endpoint (default: one per core).", valueName: "n"))
    var lanes: String?

    @Option(help: ArgumentHelp("Threads inside one engine call (default: what lanes leave).", valueName: "n"))
    var threadsPerCall: String?

    @Option(help: ArgumentHelp("Time between not-ready and the end of listening (default 0s).", valueName: "time"))
    var drainDelay: String?

    @Option(help: ArgumentHelp("Time for requests to finish after that (default 30s).", valueName: "time"))
    var drainTimeout: String?

    @Option(help: ArgumentHelp("trace, debug, info, notice, warning, error or critical.", valueName: "level"))
    var logLevel: String?

    @Option(help: ArgumentHelp("text, json or ecs, the Elastic Common Schema (default text).", valueName: "format"))
    var logFormat: String?

    @Option(help: ArgumentHelp("Where the V2 trace setting appends its lines (default: nowhere).", valueName: "path"))
    var traceFile: String?

    @Option(help: ArgumentHelp("Write engine profiles to files that begin with this path.", valueName: "prefix"))
    var profile: String?

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let settings = try settings()
        LogSetup.bootstrap(settings.logLevel, format: settings.logFormat)
        let clouds = CloudContracts(environment: ProcessInfo.processInfo.environment)
        try await Replica(settings: settings, homeFolder: global.homeFolder, clouds: clouds).run()
    }

    private func settings() throws -> ServeSettings {
        let candidate = global.homeFolder + "/slipway.yaml"
        let path = config ?? (FileManager.default.fileExists(atPath: candidate) ? candidate : nil)
        let file = try path.map { try SettingsFile(path: $0).values } ?? [:]
        return try ServeSettings(
            ConfigReader(providers: [
                Self.provider("flags", flags),
                EnvironmentVariablesProvider().prefixKeys(with: "slipway"),
                Self.provider("slipway.yaml", file),
            ]))
    }

    private var flags: [String: String] {
        let given: [(ServeSettings.Key, String?)] = [
            (.http, http), (.grpc, grpc), (.admin, admin), (.repositoryControl, repositoryControl ? "true" : nil),
            (.corsOrigins, corsOrigins), (.maxConnections, maxConnections),
            (.strictTensorFlowServing, strictTensorFlowServing ? "true" : nil),
            (.vllmMetrics, vllmMetrics ? "true" : nil), (.metricNames, metricNames), (.monitoring, monitoring),
            (.statsd, statsd), (.statsdDialect, statsdDialect), (.otlp, otlp), (.traceShare, traceShare),
            (.logFormat, logFormat),
            (.maxBody, maxBody), (.maxRequests, maxRequests), (.maxRequestBytes, maxRequestBytes),
            (.modelMemory, modelMemory), (.lanes, lanes),
            (.threadsPerCall, threadsPerCall), (.drainDelay, drainDelay), (.drainTimeout, drainTimeout),
            (.logLevel, logLevel), (.traceFile, traceFile), (.profile, profile),
        ]
        return given.reduce(into: [:]) { flags, entry in flags[entry.0.rawValue] = entry.1 }
    }

    private static func provider(_ name: String, _ values: [String: String]) -> InMemoryProvider {
        InMemoryProvider(
            name: name,
            values: values.reduce(into: [:]) { result, pair in
                result[AbsoluteConfigKey([pair.key])] = ConfigValue(.string(pair.value), isSecret: false)
            })
    }
}
