// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Counts by label values, of at most so many combinations; what is beyond counts under the label values `other`.
///
/// One short lock for each addition; for what happens seldom, not for what happens at every request.
package final class BoundedCounter: Sendable {
    private struct State {
        var counts: [[String]: UInt64] = [:]
    }

    private let labelCount: Int
    private let limit: Int
    private let state = Mutex(State())

    /// - Parameters:
    ///   - labelCount: Labels of each value.
    ///   - limit: Combinations that are told apart.
    package init(labelCount: Int, limit: Int = 1024) {
        self.labelCount = labelCount
        self.limit = max(1, limit)
    }

    package func add(_ labels: [String], _ count: UInt64 = 1) {
        guard labels.count == labelCount, count > 0 else { return }
        state.withLock { state in
            let isKnown = state.counts[labels] != nil || state.counts.count < limit
            let key = isKnown ? labels : [String](repeating: "other", count: labelCount)
            state.counts[key, default: 0] &+= count
        }
    }

    /// In the order of their labels.
    package var samples: [MetricSample] {
        state.withLock(\.counts).sorted { $0.key.lexicographicallyPrecedes($1.key) }
            .map { MetricSample(Double($0.value), labels: $0.key) }
    }
}
