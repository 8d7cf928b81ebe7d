// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import SlipwaySecurity
import SlipwayWire

/// Feedback on the inference port: whoever asks a model may tell what turned out to be true.
///
/// Asking needs no key; telling does once there is one, for labels move alerts, and alerts move traffic.
struct FeedbackRoutes: Sendable {
    let admin: any AdminService

    var routes: [Route] {
        let documentation = Route.Documentation(
            summary: AdminRoutes.feedback.summary, tag: "Feedback", request: .json("FeedbackRequest"),
            reply: .json("FeedbackReplyDTO")
        ).failing(401, 403)
        return [
            Route(.post, AdminRoutes.feedback.template, role: .viewer, documentation) { call in
                try .dto(await admin.feedback(try await call.dto(FeedbackRequest.self), to: call["endpoint"]))
            }
        ]
    }
}
