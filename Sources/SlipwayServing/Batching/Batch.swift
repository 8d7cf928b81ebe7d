// SPDX-License-Identifier: Apache-2.0

/// Consecutive rows of one request that run in one engine call.
package struct Portion: Sendable, Hashable {
    package let id: UInt64
    package let rows: Range<Int>
    /// Whether no further portion of the request still waits; earlier ones may be running on other lanes.
    package let isLast: Bool

    package init(id: UInt64, rows: Range<Int>, isLast: Bool) {
        self.id = id
        self.rows = rows
        self.isLast = isLast
    }
}

/// What one engine call takes: the portions one after the other along the batch dimension.
package struct Batch<Form: Hashable & Sendable>: Sendable, Hashable {
    package let portions: [Portion]
    /// Sum over the portions.
    package let rows: Int
    package let form: Form

    package init(portions: [Portion], rows: Int, form: Form) {
        self.portions = portions
        self.rows = rows
        self.form = form
    }
}

/// What an idle lane is to do.
package enum BatchStep<Form: Hashable & Sendable>: Sendable, Hashable {
    case run(Batch<Form>)
    /// Requests wait for company, by a delay set by hand: ask again then, or when another request was added.
    case wait(until: ContinuousClock.Instant)
    /// Nothing waits.
    case idle
}
