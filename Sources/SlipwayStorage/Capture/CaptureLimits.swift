// SPDX-License-Identifier: Apache-2.0

/// How much capture may hold, and when it hands rows on.
package struct CaptureLimits: Sendable {
    /// Requests that wait for the writing thread; more are dropped and counted.
    package var queuedRequests = 16_384
    /// Bytes of their tensors.
    package var queuedBytes = 64 << 20
    /// One request may be so large.
    package var requestBytes = 64 << 20
    /// Rows are written together when they take so much.
    package var batchBytes = 1 << 20
    /// A segment is sealed when its file has so much, or an eighth of what the endpoint may have.
    package var segmentBytes = 16 << 20
    /// A segment is sealed so long after its first request, in seconds: what a crash can lose.
    package var segmentSeconds = 60.0
    /// Segments that are open at the same time; the one that is open longest is sealed to make room.
    package var openSegments = 32
    /// An endpoint's segments together, where its spec does not say.
    package var endpointBytes = 1 << 30
    /// How long segments are kept, in seconds, where no spec says: 30 days.
    package var endpointSeconds = 2_592_000.0

    package init() {}
}
