// SPDX-License-Identifier: Apache-2.0

/// How an endpoint's requests are put together; what is `nil` is chosen from what is measured.
public struct BatchingSpec: Sendable, Hashable, Codable {
    /// `false` to run every request alone.
    public var isEnabled: Bool?
    /// The most rows of one engine call; 1 or more.
    public var maximumRows: Int?
    /// Sizes worth waiting for, while `maximumDelayMs` lasts; ascending.
    public var preferredRows: [Int]?
    /// How long a request may wait for others to join it, in milliseconds; `nil` and 0 for not at all.
    public var maximumDelayMs: Double?
    /// How long waiting and execution together should take at most, in milliseconds: it bounds the batch.
    public var latencyTargetMs: Double?
    /// The symbol of the dimension that may be padded, `sequence_length`; `nil` to find it.
    public var paddedDimension: String?
    /// The input that is 1 where there is data and 0 where there is padding; `nil` to find it.
    public var mask: String?
    /// `false` to keep requests of different lengths apart.
    public var pads: Bool?

    public init() {}
}

/// What an endpoint accepts; `nil` for the server's default, or for no limit where it has none.
public struct LimitSpec: Sendable, Hashable, Codable {
    /// How much per minute.
    public struct Quota: Sendable, Hashable, Codable {
        public var requestsPerMinute: Int?
        public var rowsPerMinute: Int?
        public var tokensPerMinute: Int?

        public init(requestsPerMinute: Int? = nil, rowsPerMinute: Int? = nil, tokensPerMinute: Int? = nil) {
            self.requestsPerMinute = requestsPerMinute
            self.rowsPerMinute = rowsPerMinute
            self.tokensPerMinute = tokensPerMinute
        }
    }

    /// Requests that wait or run.
    public var requests: Int?
    /// Rows that wait or run.
    public var rows: Int?
    /// Input bytes that wait or run.
    public var bytes: Int?
    /// The longest wait that a request is accepted with, as predicted, in milliseconds.
    public var waitMs: Double?
    /// The deadline of requests that name none, in milliseconds.
    public var deadlineMs: Double?
    /// When an engine call counts as hung, in milliseconds.
    public var callMs: Double?
    /// Of all callers together.
    public var quota: Quota?
    /// Of each caller: API key, or else network address.
    public var clientQuota: Quota?

    public init() {}
}

/// How an endpoint's versions come into memory and leave it; `nil` for the defaults.
public struct LifecycleSpec: Sendable, Hashable, Codable {
    /// What gives way when versions change.
    public enum Policy: String, Sendable, Hashable, Codable, CaseIterable {
        /// The old version answers until the new one is ready: memory for both is needed.
        case availability
        /// The old version goes first: requests wait until the new one is ready.
        case resource
    }

    public enum Loading: String, Sendable, Hashable, Codable, CaseIterable {
        case eager
        /// With the first request.
        case onDemand = "on-demand"
    }

    /// What a version is run on before it answers anybody.
    public enum WarmUp: String, Sendable, Hashable, Codable, CaseIterable {
        case none, zeros, random
        /// Inputs of recent requests where there are any, else zeros.
        case recorded
    }

    public var policy: Policy?
    /// Never unloaded for others' sake.
    public var isPinned: Bool?
    public var loading: Loading?
    /// Unloads a version that nobody asked for so long; loaded again with the next request.
    public var idleUnloadSeconds: Double?
    /// How long a version that was replaced stays in memory, so that going back takes no time; default 600.
    public var rollbackWindowSeconds: Double?
    public var warmUp: WarmUp?

    public init() {}
}
