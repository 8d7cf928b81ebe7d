// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import NIOCore
import SlipwayCore
import SlipwayWire

/// V2 repository control over REST.
struct RepositoryRoutes: Sendable {
    let control: RepositoryControl

    var routes: [Route] {
        let documentation = { (summary: String, reply: Route.Content) in
            Route.Documentation(
                summary: summary, tag: "Model repository", request: .json("RepositoryRequest"), reply: reply)
        }
        return ["/v2/repository", "/v2/repository/{repository}"].flatMap { prefix in
            [
                Route(
                    .post, prefix + "/index",
                    documentation("Models of the registry and their states.", .json("RepositoryIndex")), index),
                Route(
                    .post, prefix + "/models/{model}/load",
                    documentation("Deploys a model's newest version.", .none), load),
                Route(
                    .post, prefix + "/models/{model}/unload", documentation("Undeploys an endpoint.", .none), unload),
            ]
        }
    }

    @Sendable private func index(_ call: HTTPCall) async throws -> HTTPReply {
        let body = try await call.body()
        let onlyReady = try body.withUnsafeReadableBytes { try V2ControlRequests.decodeIndex($0) }
        return .json(V2RepositoryEntry.encode(try await control.index(onlyReady: onlyReady)))
    }

    @Sendable private func load(_ call: HTTPCall) async throws -> HTTPReply {
        try control.checkAllowed()
        try await control.load(call["model"], try await parameters(call), call.cancellation)
        return .empty
    }

    @Sendable private func unload(_ call: HTTPCall) async throws -> HTTPReply {
        try control.checkAllowed()
        _ = try await parameters(call)
        try await control.unload(call["model"])
        return .empty
    }

    private func parameters(_ call: HTTPCall) async throws -> [String: ParameterValue] {
        let body = try await call.body()
        return try body.withUnsafeReadableBytes { try V2ControlRequests.decodeParameters($0) }
    }
}
