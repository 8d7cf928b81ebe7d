// SPDX-License-Identifier: Apache-2.0

import Logging
import SlipwayCore
import SlipwayDelivery
import SlipwayMonitoring
import SlipwayServer

/// Everything that `slipway serve` can be told.
struct ServeSettings: Sendable, Hashable {
    var http = ListenAddress(host: "127.0.0.1", port: 8080)
    var grpc = ListenAddress(host: "127.0.0.1", port: 8081)
    var admin = ListenAddress(host: "127.0.0.1", port: 8082)
    var allowsRepositoryControl = false
    /// Web pages that may call the inference port from a browser, `https://app.example.com`; empty for none.
    var corsOrigins: [String] = []
    /// Connections that each listener holds at once; `nil` for half of the files that the process may open.
    var maximumConnections: Int?
    /// Whether `/v1/models` is TensorFlow Serving's alone.
    var isStrictTensorFlowServing = false
    /// Whether `/metrics` also has the names that vLLM gives to what it measures.
    var servesVLLMMetrics = false
    /// Names of other servers that `/metrics` also has.
    var metricNames: CompatibilityNames = []
    var maximumBodyBytes = 64 << 20
    var maximumRequests = 1024
    var maximumRequestBytes = 1 << 30
    /// Bytes that all models together may take; `nil` for what the machine has.
    var modelMemory: Int?
    /// Lanes of each endpoint; `nil` for one per core.
    var lanes: Int?
    /// Threads inside one engine call; `nil` for the cores that lanes leave.
    var threadsPerCall: Int?
    /// Between not-ready and the end of listening, for load balancers to notice.
    var drainDelay: Duration = .zero
    /// How long requests may take to finish after that.
    var drainTimeout: Duration = .seconds(30)
    var logLevel = Logger.Level.info
    var logFormat = LogFormat.text
    /// Where notices go; `nil` for `monitoring.yaml` in the home, if there is one.
    var monitoringFile: String?
    /// A StatsD daemon or a Datadog agent that metrics are pushed to.
    var statsd: ListenAddress?
    var statsdDialect = StatsDEncoder.Dialect.statsd
    /// An OpenTelemetry collector that metrics, traces and logs are pushed to, `http://127.0.0.1:4318`.
    var otlp: String?
    /// Sent with each push to it.
    var otlpHeaders = TelemetryHeaders()
    /// Of the requests that follow no trace, how many begin one.
    var traceShare = Share.none
    /// Where Triton's trace setting writes its lines; `nil` for nowhere.
    var traceFile: String?
    /// Engine profiles are written to files that begin with this.
    var profilePathPrefix: String?

    /// The keys of `slipway.yaml`, which are also the names of flags, and of variables as `SLIPWAY_MAX_BODY`.
    enum Key: String, CaseIterable {
        case http, grpc, admin, lanes
        case repositoryControl = "repository-control"
        case corsOrigins = "cors-origins"
        case maxConnections = "max-connections"
        case strictTensorFlowServing = "strict-tensorflow-serving"
        case vllmMetrics = "vllm-metrics"
        case metricNames = "metric-names"
        case monitoring, statsd, otlp
        case statsdDialect = "statsd-dialect"
        case otlpHeaders = "otlp-headers"
        case traceShare = "trace-share"
        case logFormat = "log-format"
        case maxBody = "max-body"
        case maxRequests = "max-requests"
        case maxRequestBytes = "max-request-bytes"
        case modelMemory = "model-memory"
        case threadsPerCall = "threads-per-call"
        case drainDelay = "drain-delay"
        case drainTimeout = "drain-timeout"
        case logLevel = "log-level"
        case traceFile = "trace-file"
        case profile
    }
}
