// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import NIOPosix
import SlipwayMonitoring
import SlipwayServing
import SlipwayWire

/// What orchestrators and Prometheus ask.
struct HealthRoutes: Sendable {
    let service: InferenceService
    let metrics: MetricsRegistry

    var routes: [Route] {
        let documentation = { (summary: String) in
            Route.Documentation(summary: summary, tag: "Health", reply: .text)
        }
        return [
            Route(
                .get, "/",
                Route.Documentation(summary: "Says that the server is alive.", tag: "Health", reply: .json("Alive"))
            ) { _ in
                .json(Array(#"{"status":"alive"}"#.utf8))
            },
            Route(.get, "/livez", documentation("200 while the process runs.")) { _ in
                .text("ok\n", contentType: "text/plain")
            },
            Route(.get, "/readyz", documentation("200 when requests are accepted, else 503.").failing(503, body: .text))
            { _ in
                guard !service.isReady else { return .text("ok\n", contentType: "text/plain") }
                var reply = HTTPReply.text("not ready\n", contentType: "text/plain")
                reply.status = 503
                return reply
            },
            Route(.get, "/metrics", exposition) { call in
                let accept = call.headers[.accept]
                // Tens of milliseconds with hundreds of series: not on an event loop.
                let (contentType, body) = try await NIOThreadPool.singleton.runIfActive {
                    metrics.exposition(accept: accept)
                }
                return HTTPReply(contentType: contentType, body: [.bytes(body)])
            },
            Route(.get, "/metrics/{names}", compatibility) { call in
                guard let names = CompatibilityNames(name: call["names"]) else {
                    throw ServerError(
                        .notFound, "no metrics have such names, there are [vllm, triton, tensorflow-serving]")
                }
                return try await page(names)
            },
            // Where TensorFlow Serving has its own.
            Route(.get, "/monitoring/prometheus/metrics", compatibility) { _ in try await page(.tensorFlowServing) },
        ]
    }

    private func page(_ names: CompatibilityNames) async throws -> HTTPReply {
        let page = try await NIOThreadPool.singleton.runIfActive { metrics.compatibilityPage(names) }
        return .text(page, contentType: ExpositionFormat.text.contentType)
    }

    private var exposition: Route.Documentation {
        Route.Documentation(
            summary: "Metrics in the Prometheus text format, OpenMetrics or Prometheus' protobuf, as Accept asks for.",
            tag: "Health",
            reply: .oneOf([
                .text, .media("application/openmetrics-text", nil), .media("application/vnd.google.protobuf", nil),
            ]))
    }

    private var compatibility: Route.Documentation {
        Route.Documentation(
            summary: "The same measurements under the names that another server gives them.", tag: "Health",
            reply: .text)
    }
}
