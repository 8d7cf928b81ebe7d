// SPDX-License-Identifier: Apache-2.0

package import NIOCore
import NIOHTTP1

/// NIO's parser and encoder of HTTP/1, bounded as servers need them.
package enum HTTP1Codec {
    /// Bytes that may wait in the parser: more than its largest header, which is all that it keeps of a request.
    ///
    /// After a request for another protocol, or for a tunnel, it takes nothing more and would keep all that comes.
    package static let largestRest = 256 << 10

    /// The handlers nearest to the socket, for ``HTTP1Handler`` to follow.
    package static func handlers() -> [any ChannelHandler] {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = HTTP1Head.largestFields
        limits.maxHeaderListSize = HTTP1Head.largestFields
        limits.maxHeaderFieldCount = HTTP1Head.mostFields
        let decoder = HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes, limitConfiguration: limits)
        // Names and values of headers are checked where they are made; the exchange keeps pipelined requests apart.
        return [HTTPResponseEncoder(), ByteToMessageHandler(decoder, maximumBufferSize: largestRest)]
    }
}
