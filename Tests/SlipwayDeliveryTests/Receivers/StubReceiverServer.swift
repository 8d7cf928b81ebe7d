// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A call as the stub received it.
struct ReceivedCall: Sendable {
    let method: String
    let uri: String
    let headers: HTTPHeaders
    let body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }
}

/// An HTTP server on a loopback port of its own that answers with one status, or never.
final class StubReceiverServer: Sendable {
    enum Manner: Sendable {
        case status(Int)
        /// Elsewhere.
        case redirect(String)
        case silence
        case hangUp
    }

    private let calls = Mutex<[ReceivedCall]>([])
    let port: Int

    private init(port: Int) { self.port = port }

    var received: [ReceivedCall] { calls.withLock { $0 } }
    var url: String { "http://127.0.0.1:\(port)" }

    static func run<R>(
        _ manner: Manner = .status(200), _ body: (StubReceiverServer) async throws -> R
    ) async throws -> R {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let server = Mutex<StubReceiverServer?>(nil)
        let channel = try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let server = server.withLock { $0 }
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline(withPipeliningAssistance: false)
                    try channel.pipeline.syncOperations.addHandler(
                        ReceiverHandler(manner) { call in server?.calls.withLock { $0.append(call) } })
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let stub = StubReceiverServer(port: channel.localAddress?.port ?? 0)
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

private final class ReceiverHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let manner: StubReceiverServer.Manner
    private let keep: (ReceivedCall) -> Void
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []

    init(_ manner: StubReceiverServer.Manner, keep: @escaping (ReceivedCall) -> Void) {
        self.manner = manner
        self.keep = keep
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body = []
        case .body(let part): body.append(contentsOf: part.readableBytesView)
        case .end:
            guard let head else { return }
            keep(ReceivedCall(method: head.method.rawValue, uri: head.uri, headers: head.headers, body: body))
            answer(context)
        }
    }

    private func answer(_ context: ChannelHandlerContext) {
        var headers: HTTPHeaders = ["content-length": "2"]
        let status: Int
        switch manner {
        case .silence: return
        case .hangUp: return context.close(promise: nil)
        case .status(let code): status = code
        case .redirect(let target):
            status = 302
            headers.add(name: "location", value: target)
        }
        let head = HTTPResponseHead(
            version: .http1_1, status: HTTPResponseStatus(statusCode: status), headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: "ok")))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }
}
