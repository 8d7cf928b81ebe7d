// SPDX-License-Identifier: Apache-2.0

import GRPCCore
import NIOCore
package import NIOHTTP2

/// What all connections of one listener share.
package struct GRPCConnectionSetup: Sendable {
    /// Direct methods by their path.
    let direct: [String: GRPCDirectMethod]
    /// Of one message, before and after decompression, in bytes.
    let messageLimit: Int
    /// Takes every other call.
    let route: @Sendable (GRPCRoutedCall) -> Void

    package init(
        direct: [GRPCDirectMethod], messageLimit: Int, route: @escaping @Sendable (GRPCRoutedCall) -> Void
    ) {
        self.direct = Dictionary(uniqueKeysWithValues: direct.map { ($0.path, $0) })
        self.messageLimit = messageLimit
        self.route = route
    }

    /// A unary request whose bytes stop coming for so long is refused.
    static let patience: Duration = .seconds(60)
    /// Larger messages, and compressed ones, are read off the event loop's own turn.
    static let largestAtOnce = 1 << 20
    /// Bytes a caller may send ahead, on all its calls together.
    static let connectionWindow = 16 << 20
    /// Bytes a caller may send ahead on one call.
    static let streamWindow = 4 << 20
    /// Calls at a time on one connection; a client library waits for its turn with more.
    static let mostCalls = 256
    /// Direct calls of one connection that are worked on at a time; the others wait for their turn.
    static let mostRunning = 64
    /// Bytes of answers that may wait to be read before no other call of the connection begins.
    static let mostUnsent = 64 << 20
    /// Larger frames than the protocol's 16 KiB spare large tensors most of their passes through the codec.
    static let largestFrame = 1 << 20
    /// Of one call's headers, in bytes.
    static let largestHeaders = 16 << 10

    package static var http2: (NIOHTTP2Handler.ConnectionConfiguration, NIOHTTP2Handler.StreamConfiguration) {
        var connection = NIOHTTP2Handler.ConnectionConfiguration()
        connection.initialSettings = [
            HTTP2Setting(parameter: .maxConcurrentStreams, value: mostCalls),
            HTTP2Setting(parameter: .initialWindowSize, value: streamWindow),
            HTTP2Setting(parameter: .maxFrameSize, value: largestFrame),
            HTTP2Setting(parameter: .maxHeaderListSize, value: largestHeaders),
        ]
        // Pings are judged by ``GRPCKeepalive``; this is the bound on all control frames together.
        connection.controlFrameRateLimit.maximumCount = 10_000
        connection.controlFrameRateLimit.windowLength = .seconds(1)
        // Data of calls that were refused early may still be under way, on every call there can be.
        connection.maximumRecentlyResetStreams = 4 * mostCalls
        var stream = NIOHTTP2Handler.StreamConfiguration()
        // Callers that give up in numbers are no attack; a flood is.
        stream.streamResetFrameRateLimit.maximumCount = 2000
        return (connection, stream)
    }
}
