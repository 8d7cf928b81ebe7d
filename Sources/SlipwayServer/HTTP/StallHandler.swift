// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import NIOCore
import NIOHTTPTypes
import SlipwayWire

/// Closes a connection whose peer ``StallWatch`` finds too slow.
///
/// Hummingbird's idle time does not count while a request is being answered, and starts anew with each byte of a body.
final class StallHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let interval: TimeAmount
    private var watch: StallWatch
    private var nextCheck: Scheduled<Void>?
    /// Whether more bytes were asked for since the last came.
    private var isReading = false
    /// Requests whose answer is not finished.
    private var unanswered = 0
    private var isAnswerBegun = false

    init(limits: StallWatch.Limits) {
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
        switch unwrapInboundIn(data) {
        case .head:
            unanswered += 1
            watch.headReceived()
        case .body(let part): watch.bodyReceived(part.readableBytes)
        case .end: watch.requestEnded()
        }
        context.fireChannelRead(data)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isReading = false
        context.fireChannelReadComplete()
    }

    func read(context: ChannelHandlerContext) {
        isReading = true
        context.read()
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head: isAnswerBegun = true
        case .body(let part): watch.bodyWritten(part.readableBytes)
        case .end:
            unanswered -= 1
            isAnswerBegun = false
        }
        context.write(data, promise: promise)
    }

    // MARK: - Acting

    private func check(_ context: ChannelHandlerContext) {
        // A channel that cannot tell what waits is not judged for it.
        let waiting = try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)
        switch watch.check(now: .now, waitingBytes: waiting ?? 0, isReading: isReading) {
        case .fine: scheduleCheck(context)
        case .writeStalled: context.close(promise: nil)
        case .bodyTooSlow:
            refuse(context)
            context.close(promise: nil)
        }
    }

    /// Answers 408, if the slow request is the next to be answered and its answer has not begun.
    private func refuse(_ context: ChannelHandlerContext) {
        guard unanswered == 1, !isAnswerBegun else { return }
        let body = ErrorTable.body(message: "the body comes too slowly: send all of it at once")
        var head = HTTPResponse(status: .requestTimeout)
        head.headerFields[.contentType] = "application/json"
        head.headerFields[.contentLength] = String(body.count)
        head.headerFields[.connection] = "close"
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(ByteBuffer(bytes: body))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }
}
