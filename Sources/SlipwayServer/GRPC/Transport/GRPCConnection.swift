// SPDX-License-Identifier: Apache-2.0

import GRPCCore
package import NIOCore
import NIOHPACK
package import NIOHTTP2
import SlipwayCore

/// One HTTP/2 connection: opens and closes its calls, and gives back the flow control windows they use.
///
/// Sits behind NIO's frame codec and state machine. Calls of direct methods are answered here; all others are handed to
/// grpc-swift-2 as streams.
package final class GRPCConnection: ChannelInboundHandler {
    package typealias InboundIn = HTTP2Frame
    package typealias OutboundOut = HTTP2Frame

    let setup: GRPCConnectionSetup
    private var context: ChannelHandlerContext?
    private(set) var calls: [HTTP2StreamID: any GRPCStream] = [:]
    private var isRefilling = false
    /// Frames of calls that had ended.
    private var strays = 0
    private var keepalive = GRPCKeepalive()
    private var keepaliveTimer: RepeatedTask?
    private var closing = Closing.no
    private var lastStream = HTTP2StreamID.rootStream
    private var isFlushScheduled = false
    /// Calls whose last headers wait to be written, and bytes of answers that wait with them.
    private var unsent = (calls: 0, bytes: 0)
    /// Direct calls under way, and those that wait for them.
    private var running = 0
    private var waiting: [GRPCDirectStream] = []
    private var peerAddress: String?

    private enum Closing { case no, announced, final }

    private static let mostStrays = 10_000

    package init(_ setup: GRPCConnectionSetup) { self.setup = setup }

    // MARK: - The channel's life

    package func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if context.channel.isActive { start(context) }
    }

    package func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    package func channelActive(context: ChannelHandlerContext) {
        start(context)
        context.fireChannelActive()
    }

    private func start(_ context: ChannelHandlerContext) {
        guard keepaliveTimer == nil else { return }
        peerAddress = context.channel.remoteAddress?.ipAddress
        // NIO's codec opens the connection with the protocol's window of 65,535 bytes.
        let more = GRPCConnectionSetup.connectionWindow - 65_535
        write(.windowUpdate(windowSizeIncrement: more), on: .rootStream)
        let interval = GRPCKeepalive.interval
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        keepaliveTimer = context.eventLoop.scheduleRepeatedTask(initialDelay: interval, delay: interval) { _ in
            bound.value.tick()
        }
    }

    package func channelInactive(context: ChannelHandlerContext) {
        keepaliveTimer?.cancel()
        let open = calls.values
        calls = [:]
        waiting = []
        for call in open { call.cancel() }
        context.fireChannelInactive()
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A fault of one stream is over with its end, which NIO tells as an event; others are the connection's.
        if error is NIOHTTP2Errors.StreamError { return }
        // A frame that waited in the codec for a call that its caller has ended meanwhile: the others go on.
        if let stray = error as? NIOHTTP2Errors.NoSuchStream, stray.streamID <= lastStream, strays < Self.mostStrays {
            strays += 1
            return
        }
        context.close(promise: nil)
    }

    package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case let closed as StreamClosedEvent:
            drop(closed.streamID)
            closeIfDone()
        case let change as NIOHTTP2WindowUpdatedEvent where change.streamID == .rootStream:
            if let left = change.inboundWindowSize { refill(left) }
        case is ChannelShouldQuiesceEvent: quiesce()
        case ChannelEvent.inputClosed: context.close(promise: nil)
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    // MARK: - Frames in

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        keepalive.heard()
        switch frame.payload {
        case .headers(let headers): received(headers, on: frame.streamID)
        case .data(let data): received(data, on: frame.streamID)
        case .rstStream: drop(frame.streamID)
        case .ping(let data, let ack):
            if ack {
                if data == Self.drainPing { announceLastStream() }
            } else if keepalive.pinged() == .tooMany {
                sendGoAway(last: lastStream, .enhanceYourCalm, "too_many_pings")
                context.flush()
                context.close(promise: nil)
            }
        default: break
        }
    }

    package func channelReadComplete(context: ChannelHandlerContext) {
        context.fireChannelReadComplete()
    }

    private func received(_ headers: HTTP2Frame.FramePayload.Headers, on id: HTTP2StreamID) {
        if let call = calls[id] {
            // Trailers of the caller: gRPC gives them no meaning.
            if headers.endStream { call.requestEnded() }
            return
        }
        // Trailers of a call that was refused just now.
        guard id > lastStream else { return }
        lastStream = id
        let head: GRPCRequestHead
        do {
            head = try GRPCRequestHead(headers.headers, receivedAt: .now)
        } catch {
            return refuse(error, on: id, requestEnded: headers.endStream)
        }
        let requestID = RequestIdentifier.choose(given: head.headers.first(name: "x-request-id"))
        let call: any GRPCStream =
            if let method = setup.direct[head.path] {
                GRPCDirectStream(id: id, head: head, requestID: requestID, method: method, connection: self)
            } else {
                GRPCRoutedStream(id: id, head: head, requestID: requestID, connection: self)
            }
        calls[id] = call
        call.opened()
        if headers.endStream { call.requestEnded() }
    }

    private func refuse(_ refusal: GRPCRequestHead.Refusal, on id: HTTP2StreamID, requestEnded: Bool) {
        let headers: HPACKHeaders =
            switch refusal {
            case .notGRPC(let httpStatus): [":status": String(httpStatus)]
            case .status(let status):
                GRPCReplyFrames.refusal(status, requestID: RequestIdentifier.choose(given: nil))
            }
        write(.headers(.init(headers: headers, endStream: true)), on: id)
        if !requestEnded { write(.rstStream(.noError), on: id) }
    }

    private func received(_ data: HTTP2Frame.FramePayload.Data, on id: HTTP2StreamID) {
        guard case .byteBuffer(let buffer) = data.data else { return }
        let count = buffer.readableBytes + (data.paddingBytes.map { $0 + 1 } ?? 0)
        // A call that is over may still have data under way.
        guard let call = calls[id] else { return }
        if !data.endStream, let increment = call.windowIncrement(for: count) {
            write(.windowUpdate(windowSizeIncrement: increment), on: id)
        }
        call.received(buffer)
        if data.endStream { call.requestEnded() }
    }

    /// Gives back the connection's window once half of it is used, by calls that are over too.
    private func refill(_ left: Int) {
        let missing = GRPCConnectionSetup.connectionWindow - left
        guard !isRefilling, missing * 2 >= GRPCConnectionSetup.connectionWindow, let eventLoop else { return }
        isRefilling = true
        let sent = eventLoop.makePromise(of: Void.self)
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        sent.futureResult.whenComplete { _ in bound.value.isRefilling = false }
        write(.windowUpdate(windowSizeIncrement: missing), on: .rootStream, promise: sent)
    }

    /// Forgets a call that its caller has given up.
    private func drop(_ id: HTTP2StreamID) {
        guard let call = calls.removeValue(forKey: id) else { return }
        waiting.removeAll { $0 === call }
        call.cancel()
    }

    // MARK: - Frames out

    var eventLoop: (any EventLoop)? { context?.eventLoop }

    var peer: String { peerAddress ?? "" }

    func write(_ payload: HTTP2Frame.FramePayload, on id: HTTP2StreamID, promise: EventLoopPromise<Void>? = nil) {
        guard let context else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        switch payload {
        case .data, .headers: keepalive.answered()
        default: break
        }
        context.write(wrapOutboundOut(HTTP2Frame(streamID: id, payload: payload)), promise: promise)
        flush()
    }

    /// Ends a call: its last headers are written, and then what its caller still sends is refused.
    ///
    /// - Parameter byteCount: Of the answer, which may wait for the caller's flow control window with its end.
    func finish(
        _ call: any GRPCStream, _ trailers: HPACKHeaders, after byteCount: Int = 0,
        promise: EventLoopPromise<Void>? = nil
    ) {
        guard calls[call.id] === call, let eventLoop else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        calls[call.id] = nil
        unsent.calls += 1
        unsent.bytes += byteCount
        let sent = promise ?? eventLoop.makePromise(of: Void.self)
        let (id, hasRequestEnded) = (call.id, call.hasRequestEnded)
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        sent.futureResult.whenComplete { _ in
            bound.value.left(byteCount)
            if !hasRequestEnded { bound.value.write(.rstStream(.noError), on: id) }
        }
        write(.headers(.init(headers: trailers, endStream: true)), on: id, promise: sent)
    }

    /// The end of an answer has gone out.
    private func left(_ byteCount: Int) {
        unsent.calls -= 1
        unsent.bytes -= byteCount
        startWaiting()
        closeIfDone()
    }

    // MARK: - Taking turns

    /// Lets a direct call begin, at once or when others of this connection are done: answers that nobody reads must
    /// not fill the memory.
    func begin(_ call: GRPCDirectStream) {
        guard running < GRPCConnectionSetup.mostRunning, unsent.bytes < GRPCConnectionSetup.mostUnsent else {
            waiting.append(call)
            return
        }
        running += 1
        call.answer()
    }

    /// A direct call that had begun is answered.
    func ended() {
        running -= 1
        startWaiting()
    }

    private func startWaiting() {
        while !waiting.isEmpty, running < GRPCConnectionSetup.mostRunning,
            unsent.bytes < GRPCConnectionSetup.mostUnsent
        {
            let call = waiting.removeFirst()
            guard calls[call.id] === call else { continue }
            running += 1
            call.answer()
        }
    }

    /// What was written in one turn of the loop leaves in one flush: answers that are ready together share a packet.
    private func flush() {
        guard !isFlushScheduled, let context else { return }
        isFlushScheduled = true
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        context.eventLoop.execute {
            bound.value.isFlushScheduled = false
            bound.value.context?.flush()
        }
    }

    // MARK: - Keeping, and closing

    private static let drainPing = HTTP2PingData(withInteger: 0x736C_6970_7761_7900)

    private func tick() {
        guard let context else { return }
        for call in calls.values where call.isStalled(now: .now) {
            finish(
                call,
                GRPCReplyFrames.refusal(
                    Status(code: .deadlineExceeded, message: "the request did not come to its end in time"),
                    requestID: call.requestID))
        }
        switch keepalive.tick() {
        case .nothing: break
        case .ping: write(.ping(HTTP2PingData(withInteger: 1), ack: false), on: .rootStream)
        case .close: context.close(promise: nil)
        }
    }

    /// Takes no more calls, and closes when those it has are answered.
    package func quiesce() {
        guard case .no = closing, context != nil else { return }
        closing = .announced
        for call in calls.values { call.serverEnds() }
        // First "stop" with calls under way still welcome, then, after a round trip, the number of the last one taken.
        announceEnd()
        write(.ping(Self.drainPing, ack: false), on: .rootStream)
    }

    /// A GOAWAY that takes every stream still, written past NIO's codec: that would refuse new streams from then on.
    private func announceEnd() {
        let frame: [UInt8] = [0, 0, 8, 7, 0, 0, 0, 0, 0, 0x7F, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0]
        guard let codec = try? context?.pipeline.syncOperations.context(handlerType: NIOHTTP2Handler.self) else {
            return
        }
        codec.write(NIOAny(IOData.byteBuffer(ByteBuffer(bytes: frame))), promise: nil)
    }

    private func announceLastStream() {
        guard case .announced = closing else { return }
        closing = .final
        sendGoAway(last: lastStream, .noError, "")
        closeIfDone()
    }

    private func closeIfDone() {
        guard case .final = closing, calls.isEmpty, unsent.calls == 0, let context else { return }
        flush()
        // After the flush that was scheduled.
        let channel = context.channel
        context.eventLoop.execute { channel.close(promise: nil) }
    }

    /// Closes at once.
    func close() { context?.close(promise: nil) }

    private func sendGoAway(last: HTTP2StreamID, _ code: HTTP2ErrorCode, _ text: String) {
        let data = text.isEmpty ? nil : ByteBuffer(string: text)
        write(.goAway(lastStreamID: last, errorCode: code, opaqueData: data), on: .rootStream)
    }
}
