// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayServing

/// Trace and log settings as callers of the inference ports may see and change them.
///
/// Reading is open; changing them is control and follows the switch of repository control.
struct ServerSettings: Sendable {
    let service: InferenceService
    let trace: TraceSettings
    let log: LogSettings
    let allowsControl: Bool

    /// - Parameter model: An endpoint; `nil` for the settings of the whole server.
    func traceSettings(of model: String?) throws -> [(name: String, values: [String])] {
        if let model { _ = try service.endpoint(model) }
        return trace.settings(of: model)
    }

    func changeTrace(_ changes: [String: [String]?], of model: String?) throws {
        if let model { _ = try service.endpoint(model) }
        try checkAllowed()
        try trace.update(changes, of: model)
    }

    func changeLog(_ changes: [String: ParameterValue]) throws {
        try checkAllowed()
        try log.update(changes)
    }

    private func checkAllowed() throws(ServerError) {
        guard allowsControl else {
            throw ServerError(
                .forbidden, "changing this is off on the inference port: start the server with --repository-control")
        }
    }
}
