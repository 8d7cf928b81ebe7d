// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import SlipwayWire

/// Feedback on the inference port: whoever asks a model may tell what turned out to be true.
struct FeedbackRoutes: Sendable {
    let admin: any AdminService

    var routes: [Route] {
        let documentation = Route.Documentation(
            summary: AdminRoutes.feedback.summary, tag: "Feedback", request: .json("FeedbackRequest"),
            reply: .json("FeedbackReplyDTO"))
        return [
            Route(.post, AdminRoutes.feedback.template, documentation) { call in
                try .dto(await admin.feedback(try await call.dto(FeedbackRequest.self), to: call["endpoint"]))
            }
        ]
    }
}
