// SPDX-License-Identifier: Apache-2.0

/// One value of a metric at the time of a scrape.
package struct MetricSample: Sendable, Equatable {
    /// In the order of the descriptor's labels.
    package let labelValues: [String]
    package let value: Double

    package init(_ value: Double, labels: [String] = []) {
        labelValues = labels
        self.value = value
    }
}
