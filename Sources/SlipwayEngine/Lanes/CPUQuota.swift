// SPDX-License-Identifier: Apache-2.0

/// Processor time a control group may use.
package struct CPUQuota: Sendable, Hashable {
    /// Processors' worth of time: 1.5 means one and a half processors all the time.
    package let processors: Double

    package init(processors: Double) { self.processors = processors }

    /// Reads version 2's `cpu.max`: `max 100000` or `150000 100000`; `nil` when there is no limit or no sense in it.
    package static func parse(cpuMax text: String) -> CPUQuota? {
        let fields = text.split(whereSeparator: \.isWhitespace)
        guard fields.count == 2, let quota = Int64(fields[0]), let period = Int64(fields[1]) else { return nil }
        return CPUQuota(quota: quota, period: period)
    }

    /// Reads version 1's `cpu.cfs_quota_us` and `cpu.cfs_period_us`; a quota of -1 is no limit.
    package static func parse(quota: String, period: String) -> CPUQuota? {
        guard
            let quota = quota.split(whereSeparator: \.isWhitespace).first.flatMap({ Int64($0) }),
            let period = period.split(whereSeparator: \.isWhitespace).first.flatMap({ Int64($0) })
        else { return nil }
        return CPUQuota(quota: quota, period: period)
    }

    private init?(quota: Int64, period: Int64) {
        guard quota > 0, period > 0 else { return nil }
        processors = Double(quota) / Double(period)
    }
}
