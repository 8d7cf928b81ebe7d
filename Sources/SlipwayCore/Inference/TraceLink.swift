// SPDX-License-Identifier: Apache-2.0

/// Where a request belongs in a distributed trace, as numbers: what observations carry of it.
public struct TraceLink: Sendable, Hashable {
    public let traceIDHigh: UInt64
    public let traceIDLow: UInt64
    /// The span of the server's work; not 0.
    public let spanID: UInt64
    /// The caller's span; `nil` where the trace began here.
    public let parentSpanID: UInt64?
    /// Whether somebody wants to see the trace.
    public let isSampled: Bool

    public init(traceIDHigh: UInt64, traceIDLow: UInt64, spanID: UInt64, parentSpanID: UInt64?, isSampled: Bool) {
        self.traceIDHigh = traceIDHigh
        self.traceIDLow = traceIDLow
        self.spanID = spanID
        self.parentSpanID = parentSpanID
        self.isSampled = isSampled
    }
}
