// SPDX-License-Identifier: Apache-2.0

/// What the kernel tells of the control group that the process is in: its limits and what they cost.
package struct ControlGroup: Sendable, Equatable {
    package var periods: Int?
    package var throttledPeriods: Int?
    package var throttledSeconds: Double?
    package var memoryUsed: Int?
    /// `nil` where there is no limit.
    package var memoryLimit: Int?
    /// `nil` where there is no limit.
    package var cores: Double?

    /// - Parameter read: The text of a file by its path; `nil` when there is none.
    package init(read: (String) -> String?) {
        let membership = Self.membership(read("/proc/self/cgroup") ?? "")
        if let unified = membership[""], let folder = Self.unifiedFolder(unified, read) {
            readUnified(folder, read)
        } else {
            readLegacy(membership, read)
        }
    }

    package static func current() -> ControlGroup { ControlGroup(read: ProcFile.read) }

    /// The group by controller; version 2's under the empty name.
    private static func membership(_ text: String) -> [String: String] {
        var result: [String: String] = [:]
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { continue }
            for controller in parts[1].split(separator: ",", omittingEmptySubsequences: false) {
                result[String(controller)] = String(parts[2])
            }
        }
        return result
    }

    /// In a container the path may be the host's, which is not to be seen: then the group is the root of what is.
    private static func unifiedFolder(_ path: String, _ read: (String) -> String?) -> String? {
        let root = "/sys/fs/cgroup"
        return [root + (path == "/" ? "" : path), root].first { read($0 + "/cpu.stat") != nil }
    }

    private mutating func readUnified(_ folder: String, _ read: (String) -> String?) {
        let stat = Self.table(read(folder + "/cpu.stat"))
        periods = stat["nr_periods"]
        throttledPeriods = stat["nr_throttled"]
        throttledSeconds = stat["throttled_usec"].map { Double($0) / 1e6 }
        memoryUsed = Self.number(read(folder + "/memory.current"))
        memoryLimit = Self.number(read(folder + "/memory.max"))
        let quota = (read(folder + "/cpu.max") ?? "").split(whereSeparator: \.isWhitespace)
        if quota.count == 2, let share = Double(quota[0]), let period = Double(quota[1]), period > 0 {
            cores = share / period
        }
    }

    private mutating func readLegacy(_ membership: [String: String], _ read: (String) -> String?) {
        func text(_ controller: String, _ file: String) -> String? {
            let root = "/sys/fs/cgroup/" + controller
            return membership[controller].flatMap { read(root + $0 + "/" + file) } ?? read(root + "/" + file)
        }
        let stat = Self.table(text("cpu", "cpu.stat"))
        periods = stat["nr_periods"]
        throttledPeriods = stat["nr_throttled"]
        throttledSeconds = stat["throttled_time"].map { Double($0) / 1e9 }
        memoryUsed = Self.number(text("memory", "memory.usage_in_bytes"))
        // No limit is written as a number near the greatest.
        memoryLimit = Self.number(text("memory", "memory.limit_in_bytes")).flatMap { $0 < 1 << 60 ? $0 : nil }
        if let quota = Self.number(text("cpu", "cpu.cfs_quota_us")), quota > 0,
            let period = Self.number(text("cpu", "cpu.cfs_period_us")), period > 0
        {
            cores = Double(quota) / Double(period)
        }
    }

    private static func table(_ text: String?) -> [Substring: Int] {
        var result: [Substring: Int] = [:]
        for line in (text ?? "").split(separator: "\n") {
            let fields = line.split(separator: " ")
            if fields.count == 2 { result[fields[0]] = Int(fields[1]) }
        }
        return result
    }

    private static func number(_ text: String?) -> Int? {
        text.flatMap { $0.split(whereSeparator: \.isWhitespace).first }.flatMap { Int($0) }
    }
}
