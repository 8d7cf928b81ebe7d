// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP2

/// One call of a connection, on the connection's event loop.
protocol GRPCStream: AnyObject {
    var id: HTTP2StreamID { get }
    var requestID: String { get }
    /// Whether the caller has sent all it will.
    var hasRequestEnded: Bool { get }

    /// What to give back of the call's flow control window for bytes that came; `nil` for nothing yet.
    func windowIncrement(for byteCount: Int) -> Int?
    /// Called once, when the connection knows the call.
    func opened()
    func received(_ data: ByteBuffer)
    func requestEnded()
    /// The caller does not want the answer any more, or its connection is gone. May be called more than once.
    func cancel()
    /// The server takes no more work: a call without an end of its own is to end.
    func serverEnds()
    /// Whether the request dribbles in too slowly to wait for it.
    func isStalled(now: ContinuousClock.Instant) -> Bool
}
