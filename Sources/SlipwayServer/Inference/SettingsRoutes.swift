// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import NIOCore
import SlipwayCore
import SlipwayServing
import SlipwayWire

/// V2 trace and logging settings.
struct SettingsRoutes: Sendable {
    let settings: ServerSettings

    var routes: [Route] {
        let documentation = { (summary: String, reply: String) in
            Route.Documentation(summary: summary, tag: "Trace and logging", reply: .json(reply))
        }
        let change = { (summary: String, reply: String) in
            Route.Documentation(
                summary: summary, tag: "Trace and logging", request: .json("Settings"), reply: .json(reply))
        }
        return [
            Route(.get, "/v2/trace/setting", documentation("Global trace settings.", "TraceSettings")) { _ in
                try showTrace(of: nil)
            },
            Route(.post, "/v2/trace/setting", change("Changes global trace settings.", "TraceSettings")) { call in
                try await changeTrace(call, model: nil)
            },
            Route(
                .get, "/v2/models/{model}/trace/setting", documentation("A model's trace settings.", "TraceSettings")
            ) { call in
                try showTrace(of: call["model"])
            },
            Route(
                .post, "/v2/models/{model}/trace/setting", change("Changes a model's trace settings.", "TraceSettings")
            ) { call in
                try await changeTrace(call, model: call["model"])
            },
            Route(.get, "/v2/logging", documentation("Log settings.", "LogSettings")) { _ in showLog() },
            Route(.post, "/v2/logging", change("Changes log settings.", "LogSettings")) { call in
                let body = try await call.body()
                try settings.changeLog(
                    try body.withUnsafeReadableBytes { try V2ControlRequests.decodeLogSettings($0) })
                return showLog()
            },
        ]
    }

    private func showTrace(of model: String?) throws -> HTTPReply {
        .json(V2Settings.encodeTrace(try settings.traceSettings(of: model)))
    }

    private func showLog() -> HTTPReply { .json(V2Settings.encodeLogging(settings.log.settings())) }

    private func changeTrace(_ call: HTTPCall, model: String?) async throws -> HTTPReply {
        let body = try await call.body()
        try settings.changeTrace(
            try body.withUnsafeReadableBytes { try V2ControlRequests.decodeTraceSettings($0) }, of: model)
        return try showTrace(of: model)
    }
}
