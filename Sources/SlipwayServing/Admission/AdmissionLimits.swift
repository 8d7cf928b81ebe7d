// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// How much of an endpoint's work may wait or run at the same time.
package struct AdmissionLimits: Sendable, Hashable {
    package var requests: Int
    /// `nil` for no limit.
    package var rows: Int?
    /// Of inputs.
    package var bytes: Int
    /// The longest wait that a request is accepted with, as predicted; `nil` for any.
    package var wait: Duration?

    package init(requests: Int, rows: Int? = nil, bytes: Int, wait: Duration? = nil) {
        self.requests = requests
        self.rows = rows
        self.bytes = bytes
        self.wait = wait
    }

    /// What `spec` sets, and the server's defaults for what it leaves open.
    package init(_ spec: LimitSpec, defaults: AdmissionLimits) {
        requests = spec.requests ?? defaults.requests
        rows = spec.rows ?? defaults.rows
        bytes = spec.bytes ?? defaults.bytes
        // A wait that is no number sets no limit; a day is as good as none and far from overflowing.
        wait = spec.waitMs.map { .milliseconds($0.isNaN ? 86_400_000 : min(max($0, 0), 86_400_000)) } ?? defaults.wait
    }
}

/// What one request asks of an endpoint's limits and quotas.
package struct AdmissionDemand: Sendable, Hashable {
    /// The API key, or else the network address: whose quota it takes from.
    package var client: String
    /// 0 or more.
    package var rows: Int
    /// Of inputs; 0 or more.
    package var bytes: Int
    /// 0 or more; 0 where the model has no notion of them.
    package var tokens: Int
    /// How long it would wait for its execution.
    package var predictedWait: Duration
    /// When its answer is no longer of use.
    package var deadline: ContinuousClock.Instant?

    /// Negative amounts count as 0.
    package init(
        client: String = "", rows: Int = 1, bytes: Int, tokens: Int = 0, predictedWait: Duration = .zero,
        deadline: ContinuousClock.Instant? = nil
    ) {
        self.client = client
        self.rows = max(0, rows)
        self.bytes = max(0, bytes)
        self.tokens = max(0, tokens)
        self.predictedWait = predictedWait
        self.deadline = deadline
    }
}
