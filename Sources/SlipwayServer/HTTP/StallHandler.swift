// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Closes a connection whose peer ``StallWatch`` finds too slow; tells the peers of HTTP/2 streams, which have no
/// ``HTTP1Handler``, that their bodies are wanted.
///
/// Hummingbird's idle time does not count while a request is being answered, and starts anew with each byte of a body.
final class StallHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// What the handler sits on: a whole connection, or one stream of an HTTP/2 connection.
    enum Place { case connection, stream }

    private let place: Place
    private let interval: TimeAmount
    private var watch: StallWatch
    private var nextCheck: Scheduled<Void>?
    /// Whether more bytes were asked for since the last came.
    private var isReading = false
    /// Requests whose answer is not finished.
    private var unanswered = 0
    /// Whether anything came since the last bytes were read.
    private var isPartRead = false
    /// Bytes of a body that came after its answer.
    private var surplus = 0
    /// Enough for a client that sends all before it reads; a stream that goes on is reset.
    private static let largestSurplus = 64 << 20

    init(limits: StallWatch.Limits, on place: Place) {
        self.place = place
        interval = TimeAmount(limits.interval)
        watch = StallWatch(limits: limits)
    }

    // MARK: - The connection's life

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { scheduleCheck(context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        scheduleCheck(context)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        cancelCheck()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { cancelCheck() }

    private func scheduleCheck(_ context: ChannelHandlerContext) {
        cancelCheck()
        nextCheck = context.eventLoop.assumeIsolated().scheduleTask(in: interval) { self.check(context) }
    }

    private func cancelCheck() {
        nextCheck?.cancel()
        nextCheck = nil
    }

    // MARK: - Counting

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        isPartRead = true
        switch unwrapInboundIn(data) {
        case .head(let head):
            unanswered += 1
            // On connections ``HTTP1Handler`` refuses all other expectations.
            watch.headReceived(waitsForContinue: head.headerFields[.expect]?.lowercased() == "100-continue")
        case .body(let part):
            watch.bodyReceived(part.readableBytes)
            if place == .stream, unanswered == 0, isSurplus(part.readableBytes) { return context.close(promise: nil) }
        case .end: watch.requestEnded()
        }
        context.fireChannelRead(data)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isReading = false
        // Bytes that made no part: of a head, when no request is there that they may belong to.
        if !isPartRead, unanswered == 0 { watch.headBegan() }
        isPartRead = false
        context.fireChannelReadComplete()
    }

    func read(context: ChannelHandlerContext) {
        isReading = true
        context.read()
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head: if isNewest { watch.waitEnds() }
        case .body(let part): watch.bodyWritten(part.readableBytes)
        case .end: unanswered -= 1
        }
        context.write(data, promise: promise)
    }

    /// Whether the request that is being answered is the one that came last.
    private var isNewest: Bool { unanswered == 1 }

    // MARK: - Acting

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        guard event as? HTTP1Handler.Event == .bodyWanted, isNewest else {
            return context.triggerUserOutboundEvent(event, promise: promise)
        }
        let isWaiting = watch.waitEnds()
        // Of a connection, ``HTTP1Handler`` tells the peer.
        guard place == .stream else { return context.triggerUserOutboundEvent(event, promise: promise) }
        if isWaiting {
            context.writeAndFlush(wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: nil)
        }
        promise?.succeed()
    }

    /// Whether too much of a body has come after its answer; ``HTTP1Handler`` sees to that on connections.
    private func isSurplus(_ count: Int) -> Bool {
        surplus += count
        return surplus > Self.largestSurplus
    }

    private func check(_ context: ChannelHandlerContext) {
        switch watch.check(now: .now, waitingBytes: waitingBytes(context), isReading: isReading) {
        case .fine: scheduleCheck(context)
        case .writeStalled: giveUp(context, .abort)
        case .bodyTooSlow: giveUp(context, .giveUp(.bodyTooSlow))
        case .headTooSlow: giveUp(context, .giveUp(.headTooSlow))
        }
    }

    private func waitingBytes(_ context: ChannelHandlerContext) -> Int {
        switch place {
        case .connection:
            // A channel that cannot tell what waits is not judged for it.
            let waiting = try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)
            return waiting ?? 0
        // A stream does not tell how much waits for the peer's window, only that it is too much; asking it ends the
        // process.
        case .stream: return context.channel.isWritable ? 0 : 1
        }
    }

    private func giveUp(_ context: ChannelHandlerContext, _ event: HTTP1Handler.Event) {
        switch place {
        case .connection: context.triggerUserOutboundEvent(event, promise: nil)
        // Resets the stream.
        case .stream: context.close(promise: nil)
        }
    }
}
