// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import NIOCore
import NIOHTTPTypes
import SlipwayCore
import Synchronization

/// Knows who is at the other end of each open connection, and which request it works on, so that a closed connection
/// cancels it.
final class ConnectionWatch: Sendable {
    private struct Connection {
        /// The peer's network address without the port, as text: made once, not with each request.
        let address: String?
        /// Of the request it works on.
        var flag: CancellationFlag?
    }

    private let connections = Mutex<[ObjectIdentifier: Connection]>([:])

    /// Runs `body` with the peer's address and a flag that is set when the peer goes away before `body` ends.
    ///
    /// The flag is set from the start where the connection is closed already.
    func withFlag<R>(
        for channel: any Channel, _ body: (CancellationFlag, _ address: String?) async throws -> R
    ) async rethrows -> R {
        let key = ObjectIdentifier(channel)
        let flag = CancellationFlag()
        let (isOpen, address) = connections.withLock { connections in
            connections[key]?.flag = flag
            let connection = connections[key]
            return (connection != nil, connection?.address)
        }
        if !isOpen { flag.cancel() }
        defer { connections.withLock { $0[key]?.flag = nil } }
        return try await body(flag, address)
    }

    fileprivate func opened(_ channel: any Channel) {
        let connection = Connection(address: channel.remoteAddress?.ipAddress, flag: nil)
        connections.withLock { $0[ObjectIdentifier(channel)] = connection }
    }

    /// Cancels what the channel works on, if it works on anything.
    fileprivate func inputClosed(_ channel: any Channel) {
        connections.withLock { $0[ObjectIdentifier(channel)]?.flag }?.cancel()
    }

    /// Cancels what the channel works on, and forgets the channel.
    fileprivate func closed(_ channel: any Channel) {
        connections.withLock { $0.removeValue(forKey: ObjectIdentifier(channel)) }?.flag?.cancel()
    }
}

/// Tells a ``ConnectionWatch`` when its channel's peer comes, and when it is gone: the connection closed, or no more
/// input comes.
final class ConnectionWatchHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart

    private let watch: ConnectionWatch
    private let place: StallHandler.Place

    init(_ watch: ConnectionWatch, on place: StallHandler.Place) {
        self.watch = watch
        self.place = place
    }

    /// Large bodies are read in large pieces: each piece costs a pass through the pipeline and a wake-up of its reader.
    private static let receiveBuffer = AdaptiveRecvByteBufferAllocator(minimum: 1024, initial: 4096, maximum: 1 << 20)

    func handlerAdded(context: ChannelHandlerContext) {
        // A stream does not know the option, and ends the process when it is asked for one that it does not know.
        if place == .connection {
            context.channel.setOption(.recvAllocator, value: Self.receiveBuffer).whenFailure { _ in }
        }
        if context.channel.isActive { watch.opened(context.channel) }
    }

    func channelActive(context: ChannelHandlerContext) {
        watch.opened(context.channel)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        watch.closed(context.channel)
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .inputClosed? = event as? ChannelEvent { watch.inputClosed(context.channel) }
        context.fireUserInboundEventTriggered(event)
    }
}
