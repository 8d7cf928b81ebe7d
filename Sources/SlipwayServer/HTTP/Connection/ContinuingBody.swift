// SPDX-License-Identifier: Apache-2.0

import HummingbirdCore
import NIOCore

/// A body whose client waits for `100 Continue`: the client is told to send it when somebody begins to read it.
///
/// A request that is refused for its head alone never has its body sent.
struct ContinuingBody: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    let body: RequestBody
    let channel: any Channel

    func makeAsyncIterator() -> RequestBody.AsyncIterator {
        channel.triggerUserOutboundEvent(HTTP1Handler.Event.bodyWanted, promise: nil)
        return body.makeAsyncIterator()
    }
}
