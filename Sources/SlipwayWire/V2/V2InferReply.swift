// SPDX-License-Identifier: Apache-2.0

/// An encoded inference response.
package struct V2InferReply: Sendable {
    /// The body's pieces in order: the JSON, then one piece for each binary output.
    package let segments: [WireSegment]
    /// What `Inference-Header-Content-Length` must say; `nil`, and no header, when all of the body is JSON.
    package let headerLength: Int?

    package var contentType: String {
        headerLength == nil ? "application/json" : "application/octet-stream"
    }

    package var byteCount: Int { segments.reduce(0) { $0 + $1.byteCount } }

    /// The body in one piece, for tests and small replies.
    package var body: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(byteCount)
        for segment in segments { segment.withBytes { bytes.append(contentsOf: $0) } }
        return bytes
    }
}
