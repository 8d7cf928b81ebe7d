// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import SlipwayCore
import SlipwayServing
import SlipwayWire

/// Finds the route, runs its handler, and turns whatever comes of it into a response.
struct RouteResponder: HTTPResponder {
    typealias Context = CallContext

    let table: RouteTable
    let bodyLimit: Int
    let gate: AccessGate
    let watch: ConnectionWatch
    let callers: CallerBook

    func respond(to request: Request, context: CallContext) async throws -> Response {
        let receivedAt = ContinuousClock.now
        let requestID = RequestIdentifier.choose(given: request.headers[RequestIdentifier.header])
        var surface = ErrorTable.Surface.inference
        var reply: HTTPReply
        do {
            let (route, parameters, query) = try find(request.head)
            surface = route.surface
            try await gate.check(route.role, authorization: request.headers[.authorization])
            reply = try await watch.withFlag(for: context.channel) { flag, address in
                let caller = await caller(request.headers, address)
                let call = HTTPCall(
                    head: request.head, parameters: parameters, queryText: query, requestID: requestID,
                    receivedAt: receivedAt, cancellation: flag, caller: caller, bodyStream: request.body,
                    bodyLimit: bodyLimit)
                return try await route.handler(call)
            }
            if let accepted = request.headers[.acceptEncoding] {
                reply = try ReplyCompression.apply(to: reply, acceptEncoding: accepted)
            }
        } catch let refusal as MethodNotAllowed {
            reply = .json(ErrorTable.body(message: "Method Not Allowed"), status: 405)
            reply.headers[.allow] = refusal.allowed.map(\.rawValue).joined(separator: ", ")
        } catch {
            reply = Self.reply(to: error, on: surface, context)
        }
        return Self.response(reply, requestID: requestID)
    }

    private func caller(_ headers: HTTPFields, _ address: String?) async -> Caller {
        let identity = await callers.identity(authorization: headers[.authorization], address: address)
        return Caller(identity: identity) { name in HTTPField.Name(name).flatMap { headers[$0] } }
    }

    private struct MethodNotAllowed: Error { let allowed: [HTTPRequest.Method] }

    private func find(_ head: HTTPRequest) throws -> (Route, [(name: String, value: String)], Substring) {
        let target = head.path ?? "/"
        let mark = target.firstIndex(of: "?") ?? target.endIndex
        let query = mark < target.endIndex ? target[target.index(after: mark)...] : ""
        switch table.match(head.method, target[..<mark]) {
        case .found(let route, let encoded):
            let parameters = try encoded.map { name, value in
                guard let decoded = percentDecoded(value) else {
                    throw ServerError(.badParameter, "the path has an escape that is not UTF-8")
                }
                return (name: name, value: decoded)
            }
            return (route, parameters, query)
        case .wrongMethod(let allowed): throw MethodNotAllowed(allowed: allowed)
        case .none: throw ServerError(.notFound, "Not Found")
        }
    }

    private static func reply(
        to error: any Error, on surface: ErrorTable.Surface, _ context: CallContext
    ) -> HTTPReply {
        let (status, body) = AdminErrors.reply(to: error, on: surface)
        if status == 500 { context.logger.error("request failed", metadata: ["error": "\(error)"]) }
        var reply = HTTPReply.json(body, status: status)
        switch ErrorTable.category(of: error) {
        case .unavailable:
            reply.headers[.retryAfter] = String(max(1, (error as? ServingError)?.retryAfterSeconds ?? 1))
        case .quotaExceeded:
            // Absent when the request is larger than the whole quota: no wait helps.
            reply.headers[.retryAfter] = (error as? ServingError)?.retryAfterSeconds.map { String(max(1, $0)) }
        case .unauthenticated: reply.headers[.wwwAuthenticate] = "Bearer"
        case .unsupported where (error as? ServerError)?.code == .unsupportedEncoding:
            reply.headers[.acceptEncoding] = "gzip, deflate"
        default: break
        }
        return reply
    }

    private static func response(_ reply: HTTPReply, requestID: String) -> Response {
        var headers = reply.headers
        headers[RequestIdentifier.header] = requestID
        if let timings = reply.timings { headers[ServerTiming.header] = ServerTiming.text(timings) }
        return Response(status: .init(code: reply.status), headers: headers, body: body(reply))
    }

    private static func body(_ reply: HTTPReply) -> ResponseBody {
        let byteCount = reply.byteCount
        guard byteCount > 0 else { return ResponseBody() }
        guard byteCount > ReplyPieces.byteCount else {
            // One buffer, so that head and body leave in one write.
            var buffer = ByteBufferAllocator().buffer(capacity: byteCount)
            for segment in reply.body { _ = segment.withBytes { buffer.writeBytes($0) } }
            return ResponseBody(byteBuffer: buffer)
        }
        return ResponseBody(contentLength: byteCount) { writer in
            for segment in reply.body {
                for piece in ReplyPieces(segment) { try await writer.write(piece) }
            }
            try await writer.finish(nil)
        }
    }
}

/// What Hummingbird hands each request: the channel it came by and a logger.
struct CallContext: InitializableFromSource {
    let channel: any Channel
    let logger: Logger

    init(source: ApplicationRequestContextSource) {
        channel = source.channel
        logger = source.logger
    }
}
