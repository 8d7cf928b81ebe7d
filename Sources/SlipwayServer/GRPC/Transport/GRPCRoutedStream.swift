// SPDX-License-Identifier: Apache-2.0

package import GRPCCore
import NIOCore
import NIOHPACK
import NIOHTTP2
package import SlipwayCore
import SlipwayWire

/// A call that grpc-swift-2 answers: its messages go up as they come, its answers down as they are ready.
final class GRPCRoutedStream: GRPCStream {
    let id: HTTP2StreamID
    let requestID: String
    private var window = ReceiveWindow(size: GRPCConnectionSetup.streamWindow)
    /// Bytes of messages that wait to be taken, and of the window that is held back meanwhile.
    private var waiting = 0
    private var held = 0
    private(set) var hasRequestEnded = false
    private let head: GRPCRequestHead
    private let connection: GRPCConnection
    private let cancellation = CancellationFlag()
    private var deframer: GRPCDeframer
    private let inbound: AsyncThrowingStream<GRPCInbound.Part, any Error>
    private let parts: AsyncThrowingStream<GRPCInbound.Part, any Error>.Continuation
    private var lastProgress: ContinuousClock.Instant
    private var hasSentHead = false

    /// A caller that streams so far ahead of its answers is given no more of its window: it waits.
    private static let mostWaiting = GRPCConnectionSetup.streamWindow
    /// What a message costs besides its bytes while it waits.
    private static let messageOverhead = 128

    init(id: HTTP2StreamID, head: GRPCRequestHead, requestID: String, connection: GRPCConnection) {
        self.id = id
        self.head = head
        self.requestID = requestID
        self.connection = connection
        deframer = GRPCDeframer(limit: connection.setup.messageLimit)
        lastProgress = head.receivedAt
        (inbound, parts) = AsyncThrowingStream.makeStream()
    }

    func opened() {
        guard let eventLoop = connection.eventLoop, let descriptor = MethodDescriptor(fullPath: head.path) else {
            return finish(
                Status(code: .unimplemented, message: "the path is not /package.Service/Method"), [:], promise: nil)
        }
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        parts.yield(.metadata(Metadata(head.headers)))
        connection.setup.route(
            GRPCRoutedCall(
                descriptor: descriptor,
                inbound: RPCAsyncSequence(
                    wrapping: GRPCInbound(
                        parts: inbound, encoding: head.encoding, limit: deframer.limit, call: bound,
                        eventLoop: eventLoop)),
                outbound: GRPCOutbound(call: bound, eventLoop: eventLoop),
                cancellation: cancellation, peer: connection.peer))
    }

    // MARK: - Up

    func received(_ data: ByteBuffer) {
        lastProgress = .now
        var data = data
        do {
            while let frame = try deframer.next(&data) {
                waiting += frame.message.byteCount + Self.messageOverhead
                parts.yield(.message(frame.withoutItsBuffer))
            }
        } catch {
            let failure = GRPCFailure.error(of: error)
            cancel()
            finish(Status(code: Status.Code(failure.code), message: failure.message), failure.metadata, promise: nil)
        }
    }

    func windowIncrement(for byteCount: Int) -> Int? {
        guard waiting < Self.mostWaiting else {
            held += byteCount
            return nil
        }
        return window.used(byteCount)
    }

    /// A message was taken: what was held back of the window may be given.
    func took(_ byteCount: Int) {
        waiting -= byteCount + Self.messageOverhead
        guard waiting < Self.mostWaiting, held > 0, connection.calls[id] === self else { return }
        defer { held = 0 }
        guard !hasRequestEnded, let increment = window.used(held) else { return }
        connection.write(.windowUpdate(windowSizeIncrement: increment), on: id)
    }

    /// What came is answered, and nothing more is taken.
    func serverEnds() {
        parts.finish(throwing: RPCError(code: .unavailable, message: "the server ends: connect to another one"))
    }

    func requestEnded() {
        hasRequestEnded = true
        if deframer.isBetweenMessages {
            parts.finish()
        } else {
            parts.finish(
                throwing: RPCError(code: .invalidArgument, message: "the request ended inside a message"))
        }
    }

    func cancel() {
        cancellation.cancel()
        parts.finish(throwing: RPCError(code: .cancelled, message: "the caller is gone"))
    }

    /// Streams may be silent for as long as they like: dead peers are found by pings. One message is to come in time.
    func isStalled(now: ContinuousClock.Instant) -> Bool {
        !Self.streams.contains(where: head.path.hasSuffix) && !hasRequestEnded
            && now - lastProgress > GRPCConnectionSetup.patience
    }

    private static let streams = ["/ModelStreamInfer", "/ServerReflectionInfo"]

    // MARK: - Down

    func send(_ part: RPCResponsePart<GRPCBytes>, promise: EventLoopPromise<Void>?) {
        guard connection.calls[id] === self else {
            promise?.fail(RPCError(code: .cancelled, message: "the caller is gone"))
            return
        }
        switch part {
        case .metadata(let metadata):
            sendHead(metadata)
            promise?.succeed()
        case .message(let message):
            if !hasSentHead { sendHead([:]) }
            var buffer = ByteBufferAllocator().buffer(capacity: 5 + message.count)
            buffer.writeInteger(UInt8(0))
            buffer.writeInteger(UInt32(clamping: message.count))
            buffer.writeImmutableBuffer(message.buffer)
            connection.write(.data(.init(data: .byteBuffer(buffer))), on: id, promise: promise)
        case .status(let status, let metadata):
            finish(status, metadata, promise: promise)
        }
    }

    private func sendHead(_ metadata: Metadata) {
        guard !hasSentHead else { return }
        hasSentHead = true
        var headers = GRPCReplyFrames.head(requestID: requestID)
        headers.add(metadata)
        connection.write(.headers(.init(headers: headers)), on: id)
    }

    private func finish(_ status: Status, _ metadata: Metadata, promise: EventLoopPromise<Void>?) {
        var trailers =
            hasSentHead
            ? GRPCReplyFrames.trailers(status) : GRPCReplyFrames.refusal(status, requestID: requestID)
        trailers.add(metadata)
        connection.finish(self, trailers, promise: promise)
    }
}

/// A call on its way to grpc-swift-2.
package struct GRPCRoutedCall: Sendable {
    package let descriptor: MethodDescriptor
    package let inbound: RPCAsyncSequence<RPCRequestPart<GRPCBytes>, any Error>
    package let outbound: GRPCOutbound
    /// Set when the caller cancels, or its connection closes.
    package let cancellation: CancellationFlag
    package let peer: String
}

/// The parts of one call's request; whoever takes a message makes room for another.
struct GRPCInbound: AsyncSequence, Sendable {
    typealias Element = RPCRequestPart<GRPCBytes>
    typealias Failure = any Error

    /// A part as it waits: compressed messages stay so until they are taken.
    enum Part: Sendable {
        case metadata(Metadata)
        case message(GRPCDeframer.Frame)
    }

    let parts: AsyncThrowingStream<Part, any Error>
    let encoding: GRPCRequestHead.Encoding
    /// Of one message once decompressed, in bytes.
    let limit: Int
    let call: NIOLoopBound<GRPCRoutedStream>
    let eventLoop: any EventLoop

    func makeAsyncIterator() -> Iterator { Iterator(parts: parts.makeAsyncIterator(), source: self) }

    struct Iterator: AsyncIteratorProtocol {
        var parts: AsyncThrowingStream<Part, any Error>.Iterator
        let source: GRPCInbound

        mutating func next() async throws -> Element? { try await next(isolation: nil) }

        mutating func next(isolation actor: isolated (any Actor)?) async throws -> Element? {
            switch try await parts.next(isolation: actor) {
            case nil: return nil
            case .metadata(let metadata)?: return .metadata(metadata)
            case .message(let frame)?:
                let (call, byteCount) = (source.call, frame.message.byteCount)
                source.eventLoop.execute { call.value.took(byteCount) }
                let message =
                    frame.isCompressed
                    ? try frame.message.decompressed(source.encoding, limit: source.limit) : frame.message
                return .message(GRPCBytes(message))
            }
        }
    }
}

/// Writes the answers of one call; a write ends when the socket has taken it, so that a slow reader slows its writer.
package struct GRPCOutbound: ClosableRPCWriterProtocol {
    let call: NIOLoopBound<GRPCRoutedStream>
    let eventLoop: any EventLoop

    package func write(_ part: RPCResponsePart<GRPCBytes>) async throws {
        try await write(contentsOf: CollectionOfOne(part))
    }

    package func write(contentsOf parts: some Sequence<RPCResponsePart<GRPCBytes>>) async throws {
        let parts = Array(parts)
        let promise = eventLoop.makePromise(of: Void.self)
        eventLoop.execute {
            for part in parts.dropLast() { call.value.send(part, promise: nil) }
            if let last = parts.last { call.value.send(last, promise: promise) } else { promise.succeed() }
        }
        try await promise.futureResult.get()
    }

    /// The last status has ended the call already.
    package func finish() async {}

    package func finish(throwing error: any Error) async {
        let failure = GRPCFailure.error(of: error)
        try? await write(.status(Status(code: Status.Code(failure.code), message: failure.message), failure.metadata))
    }
}

extension MethodDescriptor {
    /// From `/package.Service/Method`; `nil` for another shape.
    fileprivate init?(fullPath path: String) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].isEmpty, !parts[1].isEmpty, !parts[2].isEmpty else { return nil }
        self.init(fullyQualifiedService: String(parts[1]), method: String(parts[2]))
    }
}

extension Metadata {
    /// What the caller sent, without what belongs to HTTP/2.
    fileprivate init(_ headers: HPACKHeaders) {
        self.init()
        for (name, value, _) in headers where !name.hasPrefix(":") {
            if name.hasSuffix("-bin") {
                var bytes: [UInt8] = []
                guard Array(value.utf8).withUnsafeBytes({ Base64.append(decoding: $0, to: &bytes) }) else { continue }
                addBinary(bytes, forKey: name)
            } else {
                addString(value, forKey: name)
            }
        }
    }
}

extension HPACKHeaders {
    fileprivate mutating func add(_ metadata: Metadata) {
        for (key, value) in metadata { add(name: key.lowercased(), value: value.encoded()) }
    }
}
