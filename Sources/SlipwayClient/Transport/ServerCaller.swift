// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import FoundationEssentials
import NIOCore
import NIOHTTP1
import SlipwayCore

/// Makes one HTTP call to a server and turns every way it can fail into a ``ClientError``.
struct ServerCaller: Sendable {
    /// The most a reply may hold, in bytes.
    static let maximumReply = 1 << 30

    struct Reply {
        let status: Int
        let headers: HTTPHeaders
        let body: ByteBuffer
    }

    /// Lives as long as the process. A connection that is refused is an error at once: people wait for it.
    static let client: HTTPClient = {
        var configuration = HTTPClient.Configuration()
        configuration.connectionPool.retryConnectionEstablishment = false
        return HTTPClient(eventLoopGroup: HTTPClient.defaultEventLoopGroup, configuration: configuration)
    }()

    let address: ServerAddress
    let token: String?

    /// - Parameter path: Percent-encoded, from `/`, with its query.
    func call(
        _ method: HTTPMethod, _ path: String, headers: HTTPHeaders = [:], body: HTTPClientRequest.Body? = nil,
        timeout: TimeAmount = .seconds(60)
    ) async throws(ClientError) -> Reply {
        let url = "\(address)\(path)"
        var request = HTTPClientRequest(url: url)
        request.method = method
        request.headers = headers
        if let token { request.headers.add(name: "authorization", value: "Bearer \(token)") }
        request.body = body
        let reply: Reply
        do {
            let response = try await Self.client.execute(request, timeout: timeout)
            reply = Reply(
                status: Int(response.status.code), headers: response.headers,
                body: try await response.body.collect(upTo: Self.maximumReply))
        } catch let error as ClientError {
            // From the request's own body: a file that cannot be read.
            throw error
        } catch {
            throw .unreachable("\(address)", cause: error)
        }
        guard (200..<300).contains(reply.status) else { throw Self.refusal(reply, location: "\(method) \(path)") }
        return reply
    }

    /// Calls and hands on the reply's body piece by piece; only a refusal is gathered.
    ///
    /// - Throws: ``ClientError``, or what `body` throws.
    func stream(
        _ method: HTTPMethod, _ path: String, timeout: TimeAmount, _ body: (ByteBuffer) async throws -> Void
    ) async throws {
        var request = HTTPClientRequest(url: "\(address)\(path)")
        request.method = method
        if let token { request.headers.add(name: "authorization", value: "Bearer \(token)") }
        let response: HTTPClientResponse
        do {
            response = try await Self.client.execute(request, timeout: timeout)
        } catch {
            throw ClientError.unreachable("\(address)", cause: error)
        }
        guard (200..<300).contains(response.status.code) else {
            let told = try await response.body.collect(upTo: 1 << 20)
            throw Self.refusal(
                Reply(status: Int(response.status.code), headers: response.headers, body: told),
                location: "\(method) \(path)")
        }
        for try await piece in response.body { try await body(piece) }
    }

    /// Calls and reads the reply as JSON.
    func call<R: Decodable>(
        _ method: HTTPMethod, _ path: String, body: (any Encodable)? = nil, timeout: TimeAmount = .seconds(60),
        as type: R.Type = R.self
    ) async throws(ClientError) -> R {
        var headers: HTTPHeaders = [:]
        var bytes: HTTPClientRequest.Body?
        if let body {
            headers.add(name: "content-type", value: "application/json")
            bytes = .bytes(ByteBuffer(bytes: try Self.encode(body)))
        }
        let reply = try await call(method, path, headers: headers, body: bytes, timeout: timeout)
        return try Self.decode(type, from: reply.body, location: "\(method) \(path)")
    }

    static func encode(_ body: any Encodable) throws(ClientError) -> [UInt8] {
        do {
            return Array(try JSONEncoder().encode(body))
        } catch {
            throw ClientError(
                code: .invalidRequest, category: .invalidInput, message: "the request cannot be written as JSON",
                cause: error)
        }
    }

    static func decode<R: Decodable>(
        _ type: R.Type, from body: ByteBuffer, location: String
    ) throws(ClientError) -> R {
        do {
            return try JSONDecoder().decode(type, from: Data(body.readableBytesView))
        } catch {
            throw .invalidReply("it is not the JSON expected", location: location)
        }
    }

    /// The error that a status and its body tell; every protocol of the house writes `{"error": "..."}`.
    private static func refusal(_ reply: Reply, location: String) -> ClientError {
        struct Body: Decodable {
            let error: String
            let category: String?
        }
        let body = try? JSONDecoder().decode(Body.self, from: Data(reply.body.readableBytesView))
        let category = body?.category.flatMap { ErrorCategory(rawValue: $0) } ?? category(ofStatus: reply.status)
        return ClientError(
            code: .refused, category: category,
            message: body?.error ?? "the server answered with status \(reply.status)", location: location)
    }

    static func category(ofStatus status: Int) -> ErrorCategory {
        switch status {
        case 401: .unauthenticated
        case 403: .forbidden
        case 404: .notFound
        case 409: .conflict
        case 413: .tooLarge
        case 429: .quotaExceeded
        case 499: .cancelled
        case 501: .unsupported
        case 502, 503: .unavailable
        case 504: .deadlineExceeded
        case 507: .outOfResources
        case 400..<500: .invalidInput
        default: .internal
        }
    }
}
