// SPDX-License-Identifier: Apache-2.0

package import NIOHPACK
package import SlipwayCore
package import SlipwayWire

/// One call as a direct method sees it.
package struct GRPCCall: Sendable {
    package let headers: HPACKHeaders
    package let receivedAt: ContinuousClock.Instant
    /// When the caller stops waiting, by `grpc-timeout`.
    package let deadline: ContinuousClock.Instant?
    package let requestID: String
    /// Set when the caller cancels, or its connection closes.
    package let cancellation: CancellationFlag
    /// The peer's network address without the port.
    package let peerAddress: String?
}

/// What a direct method answers.
package struct GRPCReply: Sendable {
    /// The message, in pieces.
    package var segments: [WireSegment]
    /// Where the time went, for `server-timing`.
    package var timings: InferenceTimings?

    package init(segments: [WireSegment], timings: InferenceTimings? = nil) {
        self.segments = segments
        self.timings = timings
    }

    var byteCount: Int { segments.reduce(0) { $0 + $1.byteCount } }
}

/// A unary method that is answered from the bytes of its request, without the machinery of grpc-swift-2: inference.
///
/// Why: `docs/adr/0016-grpc-inference-is-framed-here.md`.
package struct GRPCDirectMethod: Sendable {
    /// `/package.Service/Method`.
    package let path: String
    package let answer: @Sendable (GRPCCall, GRPCMessage) async throws -> GRPCReply

    package init(_ path: String, _ answer: @escaping @Sendable (GRPCCall, GRPCMessage) async throws -> GRPCReply) {
        self.path = path
        self.answer = answer
    }
}
