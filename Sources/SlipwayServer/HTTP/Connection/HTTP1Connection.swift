// SPDX-License-Identifier: Apache-2.0

import HummingbirdCore
import Logging
import NIOCore
import NIOHTTPTypes

/// The handlers of one HTTP/1 connection: Hummingbird's own, with ``HTTP1Handler`` in the place of its codec.
struct HTTP1Connection: HTTPChannelHandler {
    typealias Value = NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>

    let responder: HTTPChannelHandler.Responder
    let watch: ConnectionWatch
    let stallLimits: StallWatch.Limits
    /// Connections that send nothing for this long between requests are closed; ``StallWatch`` judges the others.
    let idleTimeout: Duration
    let isDraining: (@Sendable () -> Bool)?

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            let pipeline = channel.pipeline.syncOperations
            try pipeline.addHandlers(HTTP1Codec.handlers())
            try pipeline.addHandlers([
                HTTP1Handler(isDraining: isDraining), ConnectionWatchHandler(watch, on: .connection),
                StallHandler(limits: stallLimits, on: .connection),
                HTTPConnectionStateHandler(idleTimeout: idleTimeout, logger: logger),
            ])
            return try Value(
                wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
        }
    }

    func handle(value: Value, logger: Logger) async {
        await handleHTTP(asyncChannel: value, logger: logger)
    }
}
