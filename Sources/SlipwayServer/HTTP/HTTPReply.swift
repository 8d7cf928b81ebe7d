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

    package static let empty = HTTPReply()

    var byteCount: Int { body.reduce(0) { $0 + $1.byteCount } }
}
