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
    let cors: CORSPolicy?

    func respond(to request: Request, context: CallContext) async throws -> Response {
        let receivedAt = ContinuousClock.now
        let requestID = RequestIdentifier.choose(given: request.headers[RequestIdentifier.header])
        let trace = TraceContext(request.headers)
        let gone = CancellationFlag()
        var surface = ErrorTable.Surface.inference
        var reply: HTTPReply
        do {
            let (route, parameters, query) = try find(request.head)
            surface = route.surface
            try await gate.check(route.role, authorization: request.headers[.authorization])
            reply = try await watch.withFlag(for: context.channel) { flag, address in
                // The handler's flag outlives it where the body is still to come.
                let registration = flag.add { gone.cancel() }
                defer { if let registration { flag.remove(registration) } }
                let caller = await caller(request.headers, address)
                let call = HTTPCall(
                    head: request.head, parameters: parameters, queryText: query, requestID: requestID,
                    receivedAt: receivedAt, cancellation: gone, caller: caller, trace: trace,
                    bodyStream: Self.body(of: request, context), bodyLimit: bodyLimit)
                return try await route.handler(call)
            }
            if reply.stream == nil, let accepted = request.headers[.acceptEncoding] {
                reply = try ReplyCompression.apply(to: reply, acceptEncoding: accepted)
            }
        } catch let other as OtherMethods {
            reply = answer(request, other.allowed)
        } catch {
            reply = Self.reply(to: error, on: surface, context, requestID, trace)
            if surface == .openAI { reply.adviseOpenAIClients() }
        }
        // A preflight has its own.
        if let cors, request.method != .options { cors.apply(to: &reply.headers, origin: request.headers[.origin]) }
        if let trace { reply.headers[TraceContext.parentHeader] = trace.traceparent }
        if let stream = reply.stream {
            var headers = reply.headers
            headers[RequestIdentifier.header] = requestID
            return Response(
                status: HTTPResponse.Status(code: reply.status), headers: headers,
                body: stream.body(for: context.channel, watch, gone))
        }
        return Self.response(reply, requestID: requestID, isHead: request.method == .head)
    }

    /// The body, sent by the client only when it is read, if the client so wishes.
    private static func body(of request: Request, _ context: CallContext) -> RequestBody {
        guard request.headers[.expect] != nil else { return request.body }
        return RequestBody(asyncSequence: ContinuingBody(body: request.body, channel: context.channel))
    }

    /// The answer to a method that the path has no route for.
    private func answer(_ request: Request, _ allowed: [HTTPRequest.Method]) -> HTTPReply {
        var names: [String] = []
        for method in allowed {
            names.append(method.rawValue)
            if method == .get, !allowed.contains(.head) { names.append("HEAD") }
        }
        if !allowed.contains(.options) { names.append("OPTIONS") }
        let methods = names.joined(separator: ", ")
        guard request.method == .options else {
            var reply = HTTPReply.json(ErrorTable.body(message: "Method Not Allowed"), status: 405)
            reply.headers[.allow] = methods
            return reply
        }
        var reply = HTTPReply(status: 204)
        reply.headers[.allow] = methods
        cors?.applyPreflight(to: &reply.headers, request: request.headers, methods: methods)
        return reply
    }

    private func caller(_ headers: HTTPFields, _ address: String?) async -> Caller {
        let identity = await callers.identity(authorization: headers[.authorization], address: address)
        return Caller(identity: identity) { name in HTTPField.Name(name).flatMap { headers[$0] } }
    }

    private struct OtherMethods: Error { let allowed: [HTTPRequest.Method] }

    private func find(_ head: HTTPRequest) throws -> (Route, [(name: String, value: String)], Substring) {
        let target = head.path ?? "/"
        let mark = target.firstIndex(of: "?") ?? target.endIndex
        let query = mark < target.endIndex ? target[target.index(after: mark)...] : ""
        if target == "*" { throw OtherMethods(allowed: allMethods) }
        switch match(head.method, target[..<mark]) {
        case .found(let route, let encoded):
            let parameters = try encoded.map { name, value in
                guard let decoded = percentDecoded(value) else {
                    throw ServerError(.badParameter, "the path has an escape that is not UTF-8")
                }
                return (name: name, value: decoded)
            }
            return (route, parameters, query)
        case .wrongMethod(let allowed): throw OtherMethods(allowed: allowed)
        case .none: throw ServerError(.notFound, "Not Found")
        }
    }

    private var allMethods: [HTTPRequest.Method] {
        Set(table.routes.map(\.method)).sorted { $0.rawValue < $1.rawValue }
    }

    /// The route; `GET`'s also for `HEAD`, of whose answer only the head is sent.
    private func match(_ method: HTTPRequest.Method, _ path: Substring) -> RouteTable.Match {
        let match = table.match(method, path)
        guard method == .head, case .wrongMethod(let allowed) = match, allowed.contains(.get) else { return match }
        return table.match(.get, path)
    }

    private static func reply(
        to error: any Error, on surface: ErrorTable.Surface, _ context: CallContext, _ requestID: String,
        _ trace: TraceContext?
    ) -> HTTPReply {
        let (status, body) = AdminErrors.reply(to: error, on: surface)
        if status == 500 {
            var metadata: Logger.Metadata = ["error": "\(error)", "request": "\(requestID)"]
            if let trace { metadata["trace"] = "\(trace.traceID)" }
            context.logger.error("request failed", metadata: metadata)
        }
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

    private static func response(_ reply: HTTPReply, requestID: String, isHead: Bool) -> Response {
        var headers = reply.headers
        headers[RequestIdentifier.header] = requestID
        if let timings = reply.timings { headers[ServerTiming.header] = ServerTiming.text(timings) }
        let status = HTTPResponse.Status(code: reply.status)
        guard !isHead else {
            headers[.contentLength] = String(reply.byteCount)
            return Response(status: status, headers: headers)
        }
        return Response(status: status, headers: headers, body: body(reply))
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
