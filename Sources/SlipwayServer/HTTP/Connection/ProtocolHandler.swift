// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Holds a new connection's first bytes until ``ProtocolGuess`` knows what it speaks, then makes way for that
/// protocol's handlers.
final class ProtocolHandler<Output: Sendable>: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    /// Adds a protocol's handlers to the channel; never called with `undecided`.
    typealias Setup = (ProtocolGuess.Verdict, any Channel) -> EventLoopFuture<Output>

    private let patience: TimeAmount
    private let output: EventLoopPromise<Output>
    private let setup: Setup
    private var guess = ProtocolGuess()
    private var received = ByteBuffer()
    private var isDecided = false
    private var end: Scheduled<Void>?

    /// - Parameters:
    ///   - patience: A connection that has not shown its protocol after this is closed.
    ///   - output: Told what `setup` returned, or that the connection closed before.
    init(patience: TimeAmount, output: EventLoopPromise<Output>, setup: @escaping Setup) {
        self.patience = patience
        self.output = output
        self.setup = setup
    }

    func handlerAdded(context: ChannelHandlerContext) {
        end = context.eventLoop.assumeIsolated().scheduleTask(in: patience) { context.close(promise: nil) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        guard !isDecided else {
            received.writeBuffer(&bytes)
            return
        }
        let verdict = guess.received(bytes.readableBytesView)
        if received.readableBytes == 0 { received = bytes } else { received.writeBuffer(&bytes) }
        guard verdict != .undecided else { return }
        isDecided = true
        end?.cancel()
        setup(verdict, context.channel).assumeIsolated().whenComplete { self.handOver(context, $0) }
    }

    private func handOver(_ context: ChannelHandlerContext, _ result: Result<Output, any Error>) {
        output.completeWith(result)
        guard case .success = result else { return context.close(promise: nil) }
        let bytes = received
        received = ByteBuffer()
        context.fireChannelRead(wrapInboundOut(bytes))
        context.fireChannelReadComplete()
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if !isDecided, event is ChannelShouldQuiesceEvent || event as? ChannelEvent == .inputClosed {
            context.close(promise: nil)
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        giveUp()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { giveUp() }

    private func giveUp() {
        end?.cancel()
        guard !isDecided else { return }
        isDecided = true
        output.fail(ChannelError.eof)
    }
}
