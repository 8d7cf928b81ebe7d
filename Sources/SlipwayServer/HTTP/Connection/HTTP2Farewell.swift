// SPDX-License-Identifier: Apache-2.0

package import NIOCore
package import NIOHTTP2

/// Closes an HTTP/2 connection whose peer does not answer the PING of a farewell.
///
/// Hummingbird ends idle connections, and those of a server that ends, by a GOAWAY and a PING, and closes when the PING
/// is answered: a peer that never does so would keep its connection for ever. Sits between NIO's frame codec and
/// Hummingbird's connection manager, to see what that writes.
package final class HTTP2Farewell: ChannelDuplexHandler {
    package typealias InboundIn = HTTP2Frame
    package typealias InboundOut = HTTP2Frame
    package typealias OutboundIn = HTTP2Frame
    package typealias OutboundOut = HTTP2Frame

    private let patience: TimeAmount
    /// The content of the PING that waits for its answer.
    private var awaited: UInt64?
    private var end: Scheduled<Void>?

    /// - Parameter patience: From the PING to the end of the connection.
    package init(patience: TimeAmount) { self.patience = patience }

    package func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .ping(let content, ack: false) = unwrapOutboundIn(data).payload { asked(context, content.integer) }
        context.write(data, promise: promise)
    }

    private func asked(_ context: ChannelHandlerContext, _ content: UInt64) {
        guard awaited == nil, context.channel.isActive else { return }
        awaited = content
        end = context.eventLoop.assumeIsolated().scheduleTask(in: patience) { context.close(promise: nil) }
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .ping(let content, ack: true) = unwrapInboundIn(data).payload, content.integer == awaited { stop() }
        context.fireChannelRead(data)
    }

    package func channelInactive(context: ChannelHandlerContext) {
        stop()
        context.fireChannelInactive()
    }

    package func handlerRemoved(context: ChannelHandlerContext) { stop() }

    private func stop() {
        awaited = nil
        end?.cancel()
        end = nil
    }
}
