// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import SlipwayServing
import SlipwayWire

/// V2 statistics: exact counts and sums per endpoint and version.
struct StatisticsRoutes: Sendable {
    let facts: ModelFacts

    var routes: [Route] {
        let documentation = Route.Documentation(
            summary: "Counts and times of inference.", tag: "Open Inference Protocol V2",
            reply: .json("ModelStatisticsList"))
        return [
            Route(.get, "/v2/models/stats", documentation) { _ in .json(ModelStatistics.encode(facts.statistics())) },
            Route(.get, "/v2/models/{model}/stats", documentation, one),
            Route(.get, "/v2/models/{model}/versions/{version}/stats", documentation, one),
        ]
    }

    @Sendable private func one(_ call: HTTPCall) async throws -> HTTPReply {
        .json(ModelStatistics.encode(try facts.statistics(call["model"], version: try call.version())))
    }
}
