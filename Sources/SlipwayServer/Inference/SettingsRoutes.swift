// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import NIOCore
import SlipwayCore
import SlipwayServing
import SlipwayWire

/// V2 trace and logging settings.
///
/// Reading is open; changing them is control and follows the switch of repository control.
struct SettingsRoutes: Sendable {
    let service: InferenceService
    let trace: TraceSettings
    let log: LogSettings
    let allowsControl: Bool

    var routes: [Route] {
        let documentation = { (summary: String) in
            Route.Documentation(summary: summary, tag: "Trace and logging")
        }
        let change = { (summary: String) in
            Route.Documentation(summary: summary, tag: "Trace and logging", request: .json("Settings"))
        }
        return [
            Route(.get, "/v2/trace/setting", documentation("Global trace settings.")) { _ in
                .json(V2Settings.encodeTrace(trace.settings(of: nil)))
            },
            Route(.post, "/v2/trace/setting", change("Changes global trace settings.")) { call in
                try await changeTrace(call, model: nil)
            },
            Route(.get, "/v2/models/{model}/trace/setting", documentation("A model's trace settings.")) { call in
                _ = try service.endpoint(call["model"])
                return .json(V2Settings.encodeTrace(trace.settings(of: call["model"])))
            },
            Route(.post, "/v2/models/{model}/trace/setting", change("Changes a model's trace settings.")) { call in
                _ = try service.endpoint(call["model"])
                return try await changeTrace(call, model: call["model"])
            },
            Route(.get, "/v2/logging", documentation("Log settings.")) { _ in
                .json(V2Settings.encodeLogging(log.settings()))
            },
            Route(.post, "/v2/logging", change("Changes log settings.")) { call in
                try checkAllowed()
                let body = try await call.body()
                try log.update(try body.withUnsafeReadableBytes { try V2ControlRequests.decodeLogSettings($0) })
                return .json(V2Settings.encodeLogging(log.settings()))
            },
        ]
    }

    private func changeTrace(_ call: HTTPCall, model: String?) async throws -> HTTPReply {
        try checkAllowed()
        let body = try await call.body()
        let changes = try body.withUnsafeReadableBytes { try V2ControlRequests.decodeTraceSettings($0) }
        try trace.update(changes, of: model)
        return .json(V2Settings.encodeTrace(trace.settings(of: model)))
    }

    private func checkAllowed() throws(ServerError) {
        guard allowsControl else {
            throw ServerError(
                .forbidden, "changing this is off on the inference port: start the server with --repository-control")
        }
    }
}
