// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
package import NIOCore
package import NIOHTTP1
package import NIOHTTPTypes
import SlipwayWire

/// Stands between the HTTP/1 parser and everything else: turns its parts into Hummingbird's and back, and does what
/// ``HTTP1Exchange`` decides about refusals, `100 Continue` and closing.
package final class HTTP1Handler: ChannelDuplexHandler, RemovableChannelHandler {
    package typealias InboundIn = HTTPServerRequestPart
    package typealias InboundOut = HTTPRequestPart
    package typealias OutboundIn = HTTPResponsePart
    package typealias OutboundOut = HTTPServerResponsePart

    /// What handlers nearer to the application ask of the connection.
    package enum Event: Sendable, Hashable {
        /// The body of the request that is being answered is going to be read.
        case bodyWanted
        /// The peer is too slow to be waited for.
        case giveUp(HTTP1Refusal)
        /// The peer takes nothing of its answer.
        case abort
    }

    /// How long a peer that is still sending is listened to after the last answer: closing at once would make its
    /// system throw the answer away unread.
    package struct Lingering: Sendable {
        package var time: TimeAmount = .seconds(10)
        package var bytes = 64 << 20

        package init() {}
    }

    private var exchange: HTTP1Exchange
    private let lingering: Lingering
    private let isDraining: (@Sendable () -> Bool)?
    /// Bytes still thrown away before the connection closes; `nil` when it does not linger.
    private var lingeringBytes: Int?
    private var lingeringEnd: Scheduled<Void>?
    /// The last answer is on its way to the socket: a close now would cut it off.
    private var isFlushing = false

    /// - Parameter isDraining: Asked with each answer whether the client is to go elsewhere after it.
    package init(
        limits: HTTP1Exchange.Limits = .init(), lingering: Lingering = .init(),
        isDraining: (@Sendable () -> Bool)? = nil
    ) {
        exchange = HTTP1Exchange(limits: limits)
        self.lingering = lingering
        self.isDraining = isDraining
    }

    // MARK: - Input

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): headReceived(context, head)
        case .body(let part):
            guard exchange.bodyReceived(part.readableBytes) else { return discard(context, part.readableBytes) }
            context.fireChannelRead(wrapInboundOut(.body(part)))
        case .end:
            guard exchange.requestEnded() else { return }
            // Trailers are read and forgotten: nothing here asks for one, and they must not pass for headers.
            context.fireChannelRead(wrapInboundOut(.end(nil)))
        }
    }

    private func headReceived(_ context: ChannelHandlerContext, _ head: HTTPRequestHead) {
        guard !exchange.isOver else { return }
        do {
            let head = try HTTP1Head(head)
            guard exchange.headReceived(head) else { return }
            context.fireChannelRead(wrapInboundOut(.head(head.request)))
        } catch {
            fail(context, error, cause: error)
        }
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if case .dataReceivedInErrorState(_, let bytes) = error as? ByteToMessageDecoderError {
            return discard(context, bytes.readableBytes)
        }
        // The bytes of the protocol that the request before asked for.
        if error is ByteToMessageDecoderError.PayloadTooLargeError {
            return fail(context, HTTP1Refusal(status: 400, "no other protocol is spoken here"), cause: error)
        }
        guard error is HTTPParserError else { return context.fireErrorCaught(error) }
        fail(context, HTTP1Refusal(parsing: error), cause: error)
    }

    private func fail(_ context: ChannelHandlerContext, _ refusal: HTTP1Refusal, cause: any Error) {
        switch exchange.failed(refusal) {
        case .tellReader: context.fireErrorCaught(cause)
        case .refuse(let refusal): refuse(context, refusal)
        case .close: context.close(promise: nil)
        case .wait: break
        }
    }

    package func channelReadComplete(context: ChannelHandlerContext) {
        // Whoever reads the requests has stopped asking for more.
        if lingeringBytes != nil { context.read() }
        context.fireChannelReadComplete()
    }

    package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is ChannelShouldQuiesceEvent:
            exchange.drain()
            if lingeringBytes != nil { context.close(promise: nil) }
        case .inputClosed as ChannelEvent:
            if lingeringBytes != nil { context.close(promise: nil) }
        default: break
        }
        context.fireUserInboundEventTriggered(event)
    }

    // MARK: - Answers

    package func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard !exchange.isOver else {
            promise?.succeed()
            return
        }
        switch unwrapOutboundIn(data) {
        case .head(let response): write(context, response, promise)
        case .body(let part): context.write(wrapOutboundOut(.body(.byteBuffer(part))), promise: promise)
        case .end(let trailers): writeEnd(context, trailers, promise)
        }
    }

    private func write(_ context: ChannelHandlerContext, _ response: HTTPResponse, _ promise: EventLoopPromise<Void>?) {
        if let isDraining, isDraining() { exchange.drain() }
        let answer = exchange.answerBegins(hasLength: response.headerFields.contains(.contentLength))
        guard !answer.isDropped else {
            promise?.succeed()
            return
        }
        var headers = HTTPHeaders()
        headers.reserveCapacity(response.headerFields.count + 1)
        for field in response.headerFields { headers.add(name: field.name.rawName, value: field.value) }
        if answer.closes {
            headers.replaceOrAdd(name: "connection", value: "close")
        } else if answer.isHTTP10 {
            headers.replaceOrAdd(name: "connection", value: "keep-alive")
        }
        let head = HTTPResponseHead(
            version: answer.isHTTP10 ? .http1_0 : .http1_1,
            status: .init(statusCode: response.status.code, reasonPhrase: response.status.reasonPhrase),
            headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: promise)
    }

    private func writeEnd(
        _ context: ChannelHandlerContext, _ trailers: HTTPFields?, _ promise: EventLoopPromise<Void>?
    ) {
        let end = wrapOutboundOut(.end(trailers.map { HTTPHeaders($0.map { ($0.name.rawName, $0.value) }) }))
        switch exchange.answerEnded() {
        case .goOn: context.write(end, promise: promise)
        case .drop: promise?.succeed()
        case .refuse(let refusal):
            context.write(end, promise: promise)
            refuse(context, refusal)
        case .close(let isInputLeft):
            let written = promise ?? context.eventLoop.makePromise()
            finish(context, written, isInputLeft: isInputLeft)
            context.writeAndFlush(end, promise: written)
        }
    }

    private func refuse(_ context: ChannelHandlerContext, _ refusal: HTTP1Refusal) {
        let body = ErrorTable.body(message: refusal.message)
        let headers: HTTPHeaders = [
            "content-type": "application/json", "content-length": String(body.count), "connection": "close",
        ]
        let head = HTTPResponseHead(
            version: .http1_1, status: .init(statusCode: refusal.status), headers: headers)
        let written = context.eventLoop.makePromise(of: Void.self)
        finish(context, written, isInputLeft: true)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: body)))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: written)
    }

    // MARK: - Events and closing

    package func triggerUserOutboundEvent(
        context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?
    ) {
        guard let event = event as? Event else {
            return context.triggerUserOutboundEvent(event, promise: promise)
        }
        switch event {
        case .bodyWanted:
            if exchange.bodyWanted() {
                let head = HTTPResponseHead(version: .http1_1, status: .continue)
                context.writeAndFlush(wrapOutboundOut(.head(head)), promise: nil)
            }
        case .giveUp(let refusal):
            if exchange.gaveUp() { refuse(context, refusal) } else { context.close(promise: nil) }
        case .abort: context.close(promise: nil)
        }
        promise?.succeed()
    }

    /// Closes when the last answer has left.
    private func finish(_ context: ChannelHandlerContext, _ written: EventLoopPromise<Void>, isInputLeft: Bool) {
        isFlushing = true
        written.futureResult.assumeIsolated().whenComplete { _ in self.flushed(context, isInputLeft: isInputLeft) }
    }

    private func flushed(_ context: ChannelHandlerContext, isInputLeft: Bool) {
        isFlushing = false
        guard isInputLeft, context.channel.isActive else { return context.close(promise: nil) }
        lingeringBytes = lingering.bytes
        context.close(mode: .output, promise: nil)
        lingeringEnd = context.eventLoop.assumeIsolated().scheduleTask(in: lingering.time) {
            context.close(promise: nil)
        }
        context.read()
    }

    /// Counts what is thrown away.
    private func discard(_ context: ChannelHandlerContext, _ count: Int) {
        guard let left = lingeringBytes else { return }
        lingeringBytes = left - count
        if left < count { context.close(promise: nil) }
    }

    package func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        // Hummingbird closes as soon as it has written the last answer, and ends its output when its task ends.
        let isLeaving = isFlushing || lingeringBytes != nil
        let isOurs = exchange.isOver && (mode == .output || (mode == .all && isLeaving))
        guard isOurs else { return context.close(mode: mode, promise: promise) }
        promise?.succeed()
    }

    package func channelInactive(context: ChannelHandlerContext) {
        lingeringEnd?.cancel()
        lingeringEnd = nil
        context.fireChannelInactive()
    }

    package func handlerRemoved(context: ChannelHandlerContext) { lingeringEnd?.cancel() }
}
