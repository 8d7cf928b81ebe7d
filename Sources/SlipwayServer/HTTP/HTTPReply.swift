// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import SlipwayCore
import SlipwayWire

/// What a handler answers.
package struct HTTPReply: Sendable {
    var status: Int
    var headers: HTTPFields
    var body: [WireSegment]
    /// Where the time went, for `Server-Timing`; `nil` when nothing was executed.
    var timings: InferenceTimings?
    /// Writes a body that is not known yet, piece by piece; `body` is empty then.
    var stream: StreamedBody?

    init(status: Int = 200, contentType: String? = nil, body: [WireSegment] = []) {
        self.status = status
        self.body = body
        headers = HTTPFields()
        if let contentType { headers[.contentType] = contentType }
    }

    static func json(_ bytes: [UInt8], status: Int = 200) -> HTTPReply {
        HTTPReply(status: status, contentType: "application/json", body: [.bytes(bytes)])
    }

    static func text(_ text: String, contentType: String) -> HTTPReply {
        HTTPReply(contentType: contentType, body: [.bytes(Array(text.utf8))])
    }

    /// A body that is sent as it comes to be: status 200 and the head leave first.
    ///
    /// - Parameters:
    ///   - keepAlive: Sent when nothing else was for ``StreamedBody/patience``; `nil` for nothing.
    ///   - write: Writes all of it, and tells failures in it. `send` throws when the client is gone.
    static func stream(
        contentType: String, keepAlive: [UInt8]? = nil,
        _ write: @escaping @Sendable (_ send: @escaping StreamedBody.Send) async throws -> Void
    ) -> HTTPReply {
        var reply = HTTPReply(contentType: contentType)
        reply.headers[.cacheControl] = "no-cache"
        reply.stream = StreamedBody(keepAlive: keepAlive, write: write)
        return reply
    }

    package static let empty = HTTPReply()

    var byteCount: Int { body.reduce(0) { $0 + $1.byteCount } }
}
