// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import NIOCore
import NIOHTTPTypes
import SlipwayCore
import Synchronization

/// Knows which request each open connection works on, so that a closed connection cancels it.
final class ConnectionWatch: Sendable {
    private let flags = Mutex<[ObjectIdentifier: CancellationFlag]>([:])

    /// Runs `body` with a flag that is set when the channel's peer goes away before `body` ends.
    func withFlag<R>(for channel: any Channel, _ body: (CancellationFlag) async throws -> R) async rethrows -> R {
        let key = ObjectIdentifier(channel)
        let flag = CancellationFlag()
        flags.withLock { $0[key] = flag }
        defer { flags.withLock { _ = $0.removeValue(forKey: key) } }
        return try await body(flag)
    }

    /// Cancels what the channel works on, if it works on anything.
    fileprivate func closed(_ channel: any Channel) {
        flags.withLock { $0[ObjectIdentifier(channel)] }?.cancel()
    }
}

/// Tells a ``ConnectionWatch`` when its channel's peer is gone: the connection closed, or no more input comes.
final class ConnectionWatchHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart

    private let watch: ConnectionWatch

    init(_ watch: ConnectionWatch) { self.watch = watch }

    /// Large bodies are read in large pieces: each piece costs a pass through the pipeline and a wake-up of its reader.
    private static let receiveBuffer = AdaptiveRecvByteBufferAllocator(minimum: 1024, initial: 4096, maximum: 1 << 20)

    func handlerAdded(context: ChannelHandlerContext) {
        // The default stays where the channel does not know the option: then pieces are smaller.
        context.channel.setOption(.recvAllocator, value: Self.receiveBuffer).whenFailure { _ in }
    }

    func channelInactive(context: ChannelHandlerContext) {
        watch.closed(context.channel)
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .inputClosed? = event as? ChannelEvent { watch.closed(context.channel) }
        context.fireUserInboundEventTriggered(event)
    }
}
