// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// Every metric there is: the one place where their names, units and labels are written.
package enum MetricCatalogue {
    package static let requests = MetricDescriptor(
        name: "slipway_inference_requests_total", kind: .counter, unit: "requests",
        labels: ["endpoint", "version", "outcome"],
        help: "Inference requests, copies for shadows included, by outcome: success, or the category of the failure.")
    package static let routes = MetricDescriptor(
        name: "slipway_inference_routed_total", kind: .counter, unit: "requests",
        labels: ["endpoint", "version", "route"],
        help: "Requests answered successfully, by why it was this version: primary, canary, rule, shadow, cache, "
            + "or direct when the caller asked for it by number.")
    package static let duration = MetricDescriptor(
        name: "slipway_inference_duration_seconds", kind: .histogram, unit: "seconds",
        labels: ["endpoint", "version"], help: "Time from receipt of a request to its answer, successful ones only.")
    package static let queue = MetricDescriptor(
        name: "slipway_inference_queue_seconds", kind: .histogram, unit: "seconds",
        labels: ["endpoint", "version"],
        help: "Time from admission to the start of the execution, successful requests only.")
    package static let compute = MetricDescriptor(
        name: "slipway_inference_compute_seconds", kind: .histogram, unit: "seconds",
        labels: ["endpoint", "version"], help: "Time inside the engine, successful requests only.")
    package static let rows = MetricDescriptor(
        name: "slipway_inference_rows_total", kind: .counter, unit: "rows",
        labels: ["endpoint", "version"], help: "Rows answered successfully.")
    package static let executions = MetricDescriptor(
        name: "slipway_inference_executions_total", kind: .counter, unit: "executions",
        labels: ["endpoint", "version"], help: "Engine calls that answered; rows over executions is the mean batch.")
    package static let inputBytes = MetricDescriptor(
        name: "slipway_inference_input_bytes_total", kind: .counter, unit: "bytes",
        labels: ["endpoint", "version"], help: "Bytes of input tensors received.")
    package static let outputBytes = MetricDescriptor(
        name: "slipway_inference_output_bytes_total", kind: .counter, unit: "bytes",
        labels: ["endpoint", "version"], help: "Bytes of output tensors returned.")
    package static let foldedObservations = MetricDescriptor(
        name: "slipway_observations_folded_total", kind: .counter, unit: "requests", labels: [],
        help: "Requests counted under the endpoint 'other': never routed, or beyond the limit of series.")
    package static let inFlight = MetricDescriptor(
        name: "slipway_inference_in_flight", kind: .gauge, unit: "requests", labels: [],
        help: "Requests admitted and not yet answered.")
    package static let modelsLoaded = MetricDescriptor(
        name: "slipway_models_loaded", kind: .gauge, unit: "versions", labels: [],
        help: "Model versions loaded in this replica.")
    package static let loadDuration = MetricDescriptor(
        name: "slipway_model_load_seconds", kind: .gauge, unit: "seconds", labels: ["model", "version"],
        help: "How long the latest load of a version took, from its fetch to ready.")
    package static let admissionRejected = MetricDescriptor(
        name: "slipway_admission_rejected_total", kind: .counter, unit: "requests",
        labels: ["endpoint", "reason"],
        help: "Requests refused before they were queued: requests, rows, bytes or wait over the limit, or quota.")
    package static let shadowAnswers = MetricDescriptor(
        name: "slipway_shadow_answers_total", kind: .counter, unit: "requests",
        labels: ["endpoint", "version", "outcome"],
        help: "Copies for shadow versions: agreed, differed, failed, dropped.")
    package static let queued = MetricDescriptor(
        name: "slipway_queue_requests", kind: .gauge, unit: "requests", labels: ["endpoint", "version"],
        help: "Requests that wait for a lane.")
    package static let hungCalls = MetricDescriptor(
        name: "slipway_hung_calls", kind: .gauge, unit: "calls", labels: ["endpoint", "version"],
        help: "Engine calls that were given up and have not come back; their lanes were replaced.")
    package static let coresInUse = MetricDescriptor(
        name: "slipway_cores_in_use", kind: .gauge, unit: "cores", labels: [],
        help: "Cores that engine calls have now.")
    package static let coreWaiters = MetricDescriptor(
        name: "slipway_core_waiters", kind: .gauge, unit: "lanes", labels: [],
        help: "Lanes that wait for cores, shadows' included.")
    package static let modelMemory = MetricDescriptor(
        name: "slipway_model_memory_bytes", kind: .gauge, unit: "bytes", labels: ["kind"],
        help:
            "Memory of models: used, as engines tell it and as estimated for loads under way; budget, what may be used."
    )
    package static let cacheRequests = MetricDescriptor(
        name: "slipway_cache_requests_total", kind: .counter, unit: "requests", labels: ["endpoint", "outcome"],
        help: "Look-ups in endpoints' response caches: hit or miss.")

    /// In the order of the exposition and of the documentation.
    package static let all = general + language + monitoring + process

    private static let general = [
        requests, routes, duration, queue, compute, rows, executions, inputBytes, outputBytes, foldedObservations,
        inFlight,
        modelsLoaded, loadDuration, admissionRejected, shadowAnswers, queued, hungCalls,
        coresInUse, coreWaiters, modelMemory, cacheRequests,
    ]

    /// Upper bounds of the histograms' buckets.
    package static let durationBounds: [Duration] = [
        .microseconds(100), .microseconds(250), .microseconds(500), .milliseconds(1), .microseconds(2500),
        .milliseconds(5), .milliseconds(10), .milliseconds(25), .milliseconds(50), .milliseconds(100),
        .milliseconds(250), .milliseconds(500), .seconds(1), .milliseconds(2500), .seconds(5), .seconds(10),
        .seconds(30), .seconds(60),
    ]

    /// The catalogue as a Markdown table: what `docs/operations/metrics.md` shows.
    package static func markdownTable() -> String {
        let lines = all.map { metric in
            let labels = metric.labels.map { "`\($0)`" }.joined(separator: ", ")
            return "| `\(metric.name)` | \(metric.kind.rawValue) | \(metric.unit) | \(labels) | \(metric.help) |"
        }
        return (["| Metric | Kind | Unit | Labels | Meaning |", "|---|---|---|---|---|"] + lines)
            .joined(separator: "\n") + "\n"
    }
}
