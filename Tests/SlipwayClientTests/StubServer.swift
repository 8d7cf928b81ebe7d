// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1
import NIOPosix
import SlipwayClient
import Synchronization

/// A request as a stub server received it.
struct StubRequest: Sendable {
    let method: String
    let uri: String
    let headers: HTTPHeaders
    let body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }
}

/// What a stub server does with a request.
struct StubReply: Sendable {
    enum Manner: Sendable {
        case whole
        /// In chunks of three bytes, without a length.
        case chunked
        /// Whole, and then the connection ends.
        case closing
        /// The connection ends without an answer.
        case hangUp
        /// Announced whole, and the connection ends after so many bytes.
        case cutOff(Int)
        /// No answer ever.
        case silence
    }

    var status = 200
    var headers: HTTPHeaders = [:]
    var body: [UInt8] = []
    var manner = Manner.whole

    static func json(_ text: String, status: Int = 200) -> StubReply {
        StubReply(status: status, headers: ["content-type": "application/json"], body: Array(text.utf8))
    }
}

/// An HTTP server on a loopback port of its own, with canned answers.
final class StubServer: Sendable {
    let address: ServerAddress
    private let requests = Mutex<[StubRequest]>([])
    private let connections = Atomic<Int>(0)
    private let counted = Atomic<Int>(0)

    var requestCount: Int { counted.load(ordering: .acquiring) }
    var connectionCount: Int { connections.load(ordering: .acquiring) }
    /// What was received, for servers that keep it.
    var received: [StubRequest] { requests.withLock { $0 } }

    private init(port: Int) throws { address = try ServerAddress(parsing: "http://127.0.0.1:\(port)") }

    /// Runs `body` while a server answers.
    static func run<R>(
        keeping: Bool = false, _ respond: @escaping @Sendable (StubRequest) -> StubReply,
        _ body: (StubServer) async throws -> R
    ) async throws -> R {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let server = Mutex<StubServer?>(nil)
        let channel = try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 256)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let server = server.withLock { $0 }
                    server?.connections.wrappingAdd(1, ordering: .relaxed)
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline(withPipeliningAssistance: false)
                    try channel.pipeline.syncOperations.addHandler(
                        StubHandler { request in
                            server?.counted.wrappingAdd(1, ordering: .releasing)
                            if keeping { server?.requests.withLock { $0.append(request) } }
                            return respond(request)
                        })
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let stub = try StubServer(port: channel.localAddress?.port ?? 0)
        server.withLock { $0 = stub }
        do {
            let result = try await body(stub)
            try await group.shutdownGracefully()
            return result
        } catch {
            try await group.shutdownGracefully()
            throw error
        }
    }
}

private final class StubHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let respond: (StubRequest) -> StubReply
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []

    init(_ respond: @escaping (StubRequest) -> StubReply) { self.respond = respond }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body = []
        case .body(let part): body.append(contentsOf: part.readableBytesView)
        case .end:
            guard let head else { return }
            let request = StubRequest(method: head.method.rawValue, uri: head.uri, headers: head.headers, body: body)
            answer(respond(request), context)
        }
    }

    private func answer(_ reply: StubReply, _ context: ChannelHandlerContext) {
        var headers = reply.headers
        switch reply.manner {
        case .silence: return
        case .hangUp: return context.close(promise: nil)
        case .chunked: headers.add(name: "transfer-encoding", value: "chunked")
        case .whole, .cutOff: headers.add(name: "content-length", value: String(reply.body.count))
        case .closing:
            headers.add(name: "content-length", value: String(reply.body.count))
            headers.add(name: "connection", value: "close")
        }
        let status = HTTPResponseStatus(statusCode: reply.status)
        context.write(wrapOutboundOut(.head(.init(version: .http1_1, status: status, headers: headers))), promise: nil)
        if case .cutOff(let count) = reply.manner {
            let part = wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: reply.body.prefix(count)))))
            context.writeAndFlush(part, promise: nil)
            return context.close(promise: nil)
        }
        let isChunked = if case .chunked = reply.manner { true } else { false }
        let step = isChunked ? 3 : max(1, reply.body.count)
        for start in stride(from: 0, to: reply.body.count, by: step) {
            let part = ByteBuffer(bytes: reply.body[start..<min(start + step, reply.body.count)])
            context.write(wrapOutboundOut(.body(.byteBuffer(part))), promise: nil)
        }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        if case .closing = reply.manner { context.close(promise: nil) }
    }
}
