// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix
import NIOSSL
import SlipwayMonitoring
import Synchronization

/// Sends one message over a connection of its own.
enum SMTPClient {
    /// - Throws: ``DeliveryError``.
    static func send(_ conversation: SMTPConversation, to spec: MailSpec, deadline: Duration) async throws {
        let name = "mail server \(spec.host)"
        // Reads the system's certificates from disk, so not on the cooperative pool.
        let tls: NIOSSLContext?
        if spec.security == .none {
            tls = nil
        } else {
            tls = try await NIOThreadPool.singleton.runIfActive {
                try NIOSSLContext(configuration: .makeClientConfiguration())
            }
        }
        let held = HeldChannel()
        defer { held.close() }
        try await Deadline.run(deadline, named: name) {
            try await connect(conversation, spec, tls, held)
        }
    }

    private static func connect(
        _ conversation: SMTPConversation, _ spec: MailSpec, _ tls: NIOSSLContext?, _ held: HeldChannel
    ) async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let done = loop.makePromise(of: Void.self)
        let channel: any Channel
        do {
            channel = try await ClientBootstrap(group: loop)
                .connectTimeout(.seconds(10))
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        if spec.security == .implicit, let tls {
                            try channel.pipeline.syncOperations.addHandler(tlsHandler(tls, spec.host))
                        }
                        try channel.pipeline.syncOperations.addHandler(
                            SMTPHandler(conversation, host: spec.host, tls: tls, done: done))
                    }
                }
                .connect(host: spec.host, port: spec.port).get()
        } catch {
            done.fail(error)
            throw DeliveryError.unreachable("mail server \(spec.host):\(spec.port)", cause: error)
        }
        held.hold(channel)
        do {
            try await done.futureResult.get()
        } catch let error as DeliveryError {
            throw error
        } catch {
            throw DeliveryError.unreachable("mail server \(spec.host):\(spec.port)", cause: error)
        }
    }

    /// The certificate must be of that host, or, where the host is an address, of the address.
    static func tlsHandler(_ context: NIOSSLContext, _ host: String) throws -> NIOSSLClientHandler {
        let isAddress = (try? SocketAddress(ipAddress: host, port: 0)) != nil
        return try NIOSSLClientHandler(context: context, serverHostname: isAddress ? nil : host)
    }
}

/// Closes a connection whatever happened, also one that comes after the deadline.
private final class HeldChannel: Sendable {
    private let state = Mutex<(channel: (any Channel)?, isClosed: Bool)>((nil, false))

    func hold(_ channel: any Channel) {
        let isClosed = state.withLock { state in
            state.channel = channel
            return state.isClosed
        }
        if isClosed { channel.close(promise: nil) }
    }

    func close() {
        let channel = state.withLock { state in
            state.isClosed = true
            return state.channel
        }
        channel?.close(promise: nil)
    }
}

/// Carries out what the conversation decides.
private final class SMTPHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var conversation: SMTPConversation
    private var reader = SMTPReplyReader()
    private let host: String
    private let tls: NIOSSLContext?
    private let done: EventLoopPromise<Void>
    private var isOver = false

    init(_ conversation: SMTPConversation, host: String, tls: NIOSSLContext?, done: EventLoopPromise<Void>) {
        self.conversation = conversation
        self.host = host
        self.tls = tls
        self.done = done
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isOver else { return }
        do throws(DeliveryError) {
            let replies = try reader.read(unwrapInboundIn(data).readableBytesView)
            for (index, reply) in replies.enumerated() where !isOver {
                let isLast = index + 1 == replies.count && !reader.isWithin
                act(conversation.received(reply), isLast: isLast, context)
            }
        } catch {
            finish(.failure(error), context)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        finish(.failure(DeliveryError.unreachable("mail server \(host)")), context)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        finish(.failure(DeliveryError.unreachable("mail server \(host)", cause: error)), context)
    }

    private func act(_ action: SMTPConversation.Action, isLast: Bool, _ context: ChannelHandlerContext) {
        switch action {
        case .send(let bytes):
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
        case .startTLS:
            // What came in the clear after the reply may be somebody else's: it must not count as said under TLS.
            guard isLast, let tls else {
                return finish(.failure(SMTPReplyReader.invalid("it says more before TLS begins")), context)
            }
            do {
                let handler = try SMTPClient.tlsHandler(tls, host)
                try context.pipeline.syncOperations.addHandler(handler, position: .first)
                act(conversation.tlsStarted(), isLast: true, context)
            } catch {
                finish(.failure(DeliveryError.unreachable("mail server \(host)", cause: error)), context)
            }
        case .finish(let bytes):
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
            finish(.success(()), context)
        case .fail(let error):
            finish(.failure(error), context)
        }
    }

    private func finish(_ result: Result<Void, DeliveryError>, _ context: ChannelHandlerContext) {
        guard !isOver else { return }
        isOver = true
        switch result {
        case .success: done.succeed(())
        case .failure(let error): done.fail(error)
        }
        context.close(promise: nil)
    }
}
