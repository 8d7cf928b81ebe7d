// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import NIOCore
import NIOHTTP1
package import SlipwayCore
import SlipwayWire

/// Asks any server that speaks the Open Inference Protocol V2 over HTTP.
package struct InferenceClient: Sendable {
    private let caller: ServerCaller

    /// - Parameters:
    ///   - server: Where it listens: `http://127.0.0.1:8080`.
    ///   - token: Sent as a bearer token; `nil` where none is asked for.
    package init(server: ServerAddress, token: String? = nil) {
        caller = ServerCaller(address: server, token: token)
    }

    /// The path of a model's routes: `/v2/models/fraud/versions/3`.
    package static func path(of endpoint: String, version: Int? = nil) -> String {
        "/v2/models/\(AdminRoute.percentEncoded(endpoint))" + (version.map { "/versions/\($0)" } ?? "")
    }

    /// Whether the server, or one of its models, is ready; throws only when it cannot be reached.
    package func isReady(endpoint: String? = nil) async throws -> Bool {
        do throws(ClientError) {
            _ = try await caller.call(.GET, endpoint.map { Self.path(of: $0) + "/ready" } ?? "/v2/health/ready")
            return true
        } catch {
            guard error.code == .refused else { throw error }
            return false
        }
    }

    package func metadata(of endpoint: String, version: Int? = nil) async throws -> EndpointMetadata {
        try await caller.call(.GET, Self.path(of: endpoint, version: version))
    }

    /// One entry for each version of the endpoint that the server holds.
    package func statistics(of endpoint: String, version: Int? = nil) async throws -> [RemoteStatistics] {
        struct Body: Decodable {
            let entries: [RemoteStatistics]
            private enum CodingKeys: String, CodingKey { case entries = "model_stats" }
        }
        let body: Body = try await caller.call(.GET, Self.path(of: endpoint, version: version) + "/stats")
        return body.entries
    }

    /// Asks for one inference.
    ///
    /// - Parameters:
    ///   - outputs: Names of the outputs wanted; `nil` for all.
    ///   - isBinary: Whether tensors travel as they lie in memory, both ways; FP16, BF16 and large tensors should.
    package func infer(
        _ endpoint: String, version: Int? = nil, inputs: NamedTensors, outputs: [String]? = nil, isBinary: Bool = true
    ) async throws -> InferenceReply {
        let body = try V2RequestBody(inputs: inputs, outputs: outputs, isBinary: isBinary)
        let path = Self.path(of: endpoint, version: version) + "/infer"
        var headers: HTTPHeaders = ["content-type": body.contentType]
        if let length = body.headerLength { headers.add(name: V2Headers.headerLength, value: String(length)) }
        let reply = try await caller.call(
            .POST, path, headers: headers, body: .bytes(ByteBuffer(bytes: body.bytes)), timeout: .minutes(10))
        return try V2ReplyBody.decode(
            reply.body, headerLength: reply.headers.first(name: V2Headers.headerLength).flatMap { Int($0) },
            serverTiming: reply.headers.first(name: "server-timing"), location: "POST \(path)")
    }
}

enum V2Headers {
    /// How many bytes of the body are JSON, when tensors follow it.
    static let headerLength = "inference-header-content-length"
}
