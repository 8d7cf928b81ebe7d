// SPDX-License-Identifier: Apache-2.0

import HummingbirdCore
import HummingbirdHTTP2
import Logging
import NIOCore
import NIOHTTP2

/// One connection of a listener: HTTP/1, or HTTP/2 with prior knowledge, whichever its first bytes show.
struct HTTPConnection: ServerChildChannel {
    enum Protocols: Sendable {
        case http1(HTTP1Connection.Value)
        case http2(HTTP2Channel.Value)
    }

    struct Value: ServerChildChannelValue {
        let spoken: EventLoopFuture<Protocols>
        let channel: any Channel
    }

    private let http1: HTTP1Connection
    private let http2: HTTP2Channel
    private let idleTimeout: Duration

    /// What streams that are still open get when the server ends, after the second GOAWAY.
    private static let gracefulClose: Duration = .seconds(30)
    /// Many round trips of the slowest link.
    private static let farewell: TimeAmount = .seconds(30)

    init(
        responder: @escaping HTTPChannelHandler.Responder, watch: ConnectionWatch, stallLimits: StallWatch.Limits,
        idleTimeout: Duration, isDraining: (@Sendable () -> Bool)?
    ) {
        self.idleTimeout = idleTimeout
        http1 = HTTP1Connection(
            responder: responder, watch: watch, stallLimits: stallLimits, idleTimeout: idleTimeout,
            isDraining: isDraining)
        http2 = HTTP2Channel(
            responder: responder,
            configuration: .init(
                idleTimeout: idleTimeout, gracefulCloseTimeout: Self.gracefulClose,
                streamConfiguration: .init(
                    additionalChannelHandlers: [
                        ConnectionWatchHandler(watch, on: .stream), StallHandler(limits: stallLimits, on: .stream),
                    ])))
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            let spoken = channel.eventLoop.makePromise(of: Protocols.self)
            let handler = ProtocolHandler(patience: TimeAmount(idleTimeout), output: spoken) { verdict, channel in
                setup(verdict, channel, logger)
            }
            try channel.pipeline.syncOperations.addHandler(handler)
            return Value(spoken: spoken.futureResult, channel: channel)
        }
    }

    private func setup(
        _ verdict: ProtocolGuess.Verdict, _ channel: any Channel, _ logger: Logger
    ) -> EventLoopFuture<Protocols> {
        guard verdict == .http2 else {
            return http1.setup(channel: channel, logger: logger).map { Protocols.http1($0) }
        }
        return http2.setup(channel: channel, logger: logger).flatMapThrowing { value in
            let pipeline = channel.pipeline.syncOperations
            let codec = try pipeline.handler(type: NIOHTTP2Handler.self)
            let position = ChannelPipeline.SynchronousOperations.Position.after(codec)
            try pipeline.addHandler(HTTP2Farewell(patience: Self.farewell), position: position)
            return Protocols.http2(value)
        }
    }

    func handle(value: Value, logger: Logger) async {
        // A connection that closed before it showed its protocol needs nothing more.
        guard let spoken = try? await value.spoken.get() else { return }
        switch spoken {
        case .http1(let connection): await http1.handle(value: connection, logger: logger)
        case .http2(let connection): await http2.handle(value: connection, logger: logger)
        }
    }
}
