// SPDX-License-Identifier: Apache-2.0

/// What the planner knows about a request that waits for a lane.
package struct WaitingRequest<Form: Hashable & Sendable>: Sendable {
    /// Unique among the requests that wait.
    package let id: UInt64
    /// Size along the batch dimension, 1 or more.
    package let rows: Int
    /// Hash of who asks: an API key or an address.
    package let client: Int
    /// 0 is the most urgent; held between 0 and 15.
    package let priority: Int
    package let arrivedAt: ContinuousClock.Instant
    /// From this instant on the request is not executed any more.
    package let deadline: ContinuousClock.Instant?
    /// Only requests of equal forms share a call.
    package let form: Form
    /// Whether the request may be cut into several calls when it has more rows than one call takes.
    package let splits: Bool

    /// Classes of urgency; a number past the last counts as the last.
    static var classes: Int { 16 }

    package init(
        id: UInt64, rows: Int = 1, client: Int = 0, priority: Int = 0,
        arrivedAt: ContinuousClock.Instant, deadline: ContinuousClock.Instant? = nil, form: Form, splits: Bool = false
    ) {
        self.id = id
        self.rows = max(1, rows)
        self.client = client
        self.priority = min(max(0, priority), Self.classes - 1)
        self.arrivedAt = arrivedAt
        self.deadline = deadline
        self.form = form
        self.splits = splits
    }
}
