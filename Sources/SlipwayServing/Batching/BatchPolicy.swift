// SPDX-License-Identifier: Apache-2.0

/// How the requests of one loaded version are put together.
package struct BatchPolicy: Sendable, Hashable {
    /// When false every request runs alone and whole.
    package var isBatching = true
    /// Hard bound of the rows of one engine call; below 1 counts as 1.
    package var maximumRows: Int
    /// Sizes set by hand, ascending; with any, the largest replaces the size learned from the cost curve.
    package var preferredRows: [Int] = []
    /// How long the oldest request may wait for others to join it.
    package var maximumDelay: Duration = .zero
    /// Bound of a request's wait and call together; `nil`: no bound beyond the cost curve.
    package var latencyTarget: Duration?
    /// A request one class less urgent is served as one that arrived so much later.
    package var aging: Duration = .milliseconds(500)

    package init(
        maximumRows: Int, preferredRows: [Int] = [], maximumDelay: Duration = .zero, latencyTarget: Duration? = nil
    ) {
        self.maximumRows = maximumRows
        self.preferredRows = preferredRows
        self.maximumDelay = maximumDelay
        self.latencyTarget = latencyTarget
    }

    /// With a bound of at least 1 and the preferred sizes within it, ascending.
    var normalized: BatchPolicy {
        var policy = self
        policy.maximumRows = max(1, maximumRows)
        policy.preferredRows = preferredRows.filter { 1...policy.maximumRows ~= $0 }.sorted()
        return policy
    }
}
