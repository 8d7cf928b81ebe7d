// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
package import SlipwayMonitoring

/// Earlier values of every reading at equal distances: what sparklines are drawn of.
///
/// Bounded by ``length`` values for each of ``maximumKeys`` readings, 8 bytes each.
package struct SignalHistory: Sendable {
    package static let length = 60
    package static let maximumKeys = 20_000

    /// The time from one value to the next.
    package let distance: Duration
    private var lastAt: Timestamp?
    private var values: [SignalKey: [Double]] = [:]

    package init(distance: Duration = .seconds(10)) { self.distance = distance }

    /// Keeps the values of a report when the last ones are old enough, or the clock was set back; else does nothing.
    package mutating func add(_ report: SignalReport) {
        if let lastAt {
            let elapsed = Duration.milliseconds(report.at.milliseconds - lastAt.milliseconds)
            guard elapsed >= distance || elapsed < .zero else { return }
        }
        lastAt = report.at
        // Readings that are no more go; those that are not here yet begin now.
        var kept: [SignalKey: [Double]] = [:]
        for (key, reading) in report.readings where kept.count < Self.maximumKeys {
            var list = values[key] ?? []
            if list.count >= Self.length { list.removeFirst(list.count - Self.length + 1) }
            list.append(reading.value)
            kept[key] = list
        }
        values = kept
    }

    /// The values of one endpoint, oldest first.
    package func values(of endpoint: String) -> [SignalKey: [Double]] { values.filter { $0.key.endpoint == endpoint } }
}
