// SPDX-License-Identifier: Apache-2.0

import GRPCCore
import HTTPTypes
import NIOCore
import NIOHPACK
import NIOHTTP2
import SlipwayCore
import SlipwayFormats
import SlipwayWire

/// A call of a direct method: one message in, one out.
final class GRPCDirectStream: GRPCStream {
    let id: HTTP2StreamID
    let requestID: String
    private var window = ReceiveWindow(size: GRPCConnectionSetup.streamWindow)
    private(set) var hasRequestEnded = false
    private let head: GRPCRequestHead
    private let method: GRPCDirectMethod
    private let connection: GRPCConnection
    private let cancellation = CancellationFlag()
    private var deframer: GRPCDeframer
    private var message: GRPCDeframer.Frame?
    private var lastProgress: ContinuousClock.Instant

    init(
        id: HTTP2StreamID, head: GRPCRequestHead, requestID: String, method: GRPCDirectMethod,
        connection: GRPCConnection
    ) {
        self.id = id
        self.head = head
        self.requestID = requestID
        self.method = method
        self.connection = connection
        deframer = GRPCDeframer(limit: connection.setup.messageLimit)
        lastProgress = head.receivedAt
    }

    func opened() {}

    func windowIncrement(for byteCount: Int) -> Int? { window.used(byteCount) }

    /// It is answered first.
    func serverEnds() {}

    func received(_ data: ByteBuffer) {
        lastProgress = .now
        var data = data
        do {
            while let frame = try deframer.next(&data) {
                guard message == nil else {
                    throw RPCError(code: .invalidArgument, message: "a unary call carries one message, more came")
                }
                message = frame
            }
        } catch {
            fail(error)
        }
    }

    func requestEnded() {
        guard !hasRequestEnded else { return }
        hasRequestEnded = true
        guard connection.calls[id] === self else { return }
        guard message != nil, deframer.isBetweenMessages else {
            return fail(
                RPCError(
                    code: .invalidArgument,
                    message: "the request ended before its message did: a unary call carries one message"))
        }
        connection.begin(self)
    }

    func cancel() { cancellation.cancel() }

    func isStalled(now: ContinuousClock.Instant) -> Bool {
        !hasRequestEnded && now - lastProgress > GRPCConnectionSetup.patience
    }

    /// Works on the request; the connection calls it when it is the call's turn.
    func answer() {
        guard let eventLoop = connection.eventLoop, let frame = message else { return }
        message = nil
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        let call = GRPCCall(
            headers: head.headers, receivedAt: head.receivedAt, deadline: head.deadline, requestID: requestID,
            cancellation: cancellation, peerAddress: connection.peer)
        let (method, encoding, limit) = (method, head.encoding, connection.setup.messageLimit)
        // Who sends compressed messages is answered in kind.
        let isAnswerCompressed = encoding == .gzip && head.acceptsGzip
        @Sendable func work() async {
            let outcome: Result<Answer, any Error>
            do {
                let message =
                    frame.isCompressed ? try frame.message.decompressed(encoding, limit: limit) : frame.message
                let reply = try await method.answer(call, message)
                outcome = .success(try Answer(reply, isCompressed: isAnswerCompressed))
            } catch {
                outcome = .failure(error)
            }
            if eventLoop.inEventLoop {
                bound.value.finish(outcome)
            } else {
                eventLoop.execute { bound.value.finish(outcome) }
            }
        }
        if frame.isCompressed || frame.message.byteCount > GRPCConnectionSetup.largestAtOnce {
            Task { await work() }
        } else {
            // Begins at once, on this loop: what a call does before it first waits needs no hop to get there.
            Task.immediate { await work() }
        }
    }

    /// An answer as it leaves.
    private struct Answer {
        let data: [ByteBuffer]
        let encoding: GRPCRequestHead.Encoding
        let timings: InferenceTimings?

        init(_ reply: GRPCReply, isCompressed: Bool) throws {
            var segments = reply.segments
            try Self.checkSize(segments)
            if isCompressed {
                var whole: [UInt8] = []
                whole.reserveCapacity(reply.byteCount)
                for segment in segments { segment.withBytes { whole.append(contentsOf: $0) } }
                segments = [.bytes(try Deflate.compress(whole, framing: .gzip, level: 1))]
            }
            try Self.checkSize(segments)
            data = GRPCReplyFrames.data(segments, isCompressed: isCompressed)
            encoding = isCompressed ? .gzip : .identity
            timings = reply.timings
        }

        private static func checkSize(_ segments: [WireSegment]) throws(RPCError) {
            guard segments.reduce(0, { $0 + $1.byteCount }) <= Int(UInt32.max) else {
                throw RPCError(code: .resourceExhausted, message: "the answer has more than 4 GiB: ask for less")
            }
        }
    }

    private func finish(_ outcome: Result<Answer, any Error>) {
        defer { connection.ended() }
        switch outcome {
        case .success(let answer): succeed(answer)
        case .failure(let error): fail(error)
        }
    }

    private func succeed(_ answer: Answer) {
        guard connection.calls[id] === self else { return }
        let head = GRPCReplyFrames.head(requestID: requestID, encoding: answer.encoding)
        connection.write(.headers(.init(headers: head)), on: id)
        for buffer in answer.data { connection.write(.data(.init(data: .byteBuffer(buffer))), on: id) }
        var trailers = GRPCReplyFrames.trailers(Status(code: .ok, message: ""))
        if let timings = answer.timings {
            trailers.add(
                name: ServerTiming.header.canonicalName, value: ServerTiming.text(timings), indexing: .nonIndexable)
        }
        connection.finish(self, trailers, after: answer.data.reduce(0) { $0 + $1.readableBytes })
    }

    private func fail(_ error: any Error) {
        let failure = GRPCFailure.error(of: error)
        var trailers = GRPCReplyFrames.refusal(
            Status(code: Status.Code(failure.code), message: failure.message), requestID: requestID)
        for (key, value) in failure.metadata { trailers.add(name: key, value: value.encoded()) }
        connection.finish(self, trailers)
    }
}
