// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import NIOPosix
import SlipwayMonitoring
import SlipwayServing

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
            Route(.get, "/metrics", documentation("Metrics in the Prometheus text format.")) { _ in
                // Tens of milliseconds with hundreds of series: not on an event loop.
                let text = try await NIOThreadPool.singleton.runIfActive { metrics.exposition() }
                return .text(text, contentType: "text/plain; version=0.0.4; charset=utf-8")
            },
        ]
    }
}
