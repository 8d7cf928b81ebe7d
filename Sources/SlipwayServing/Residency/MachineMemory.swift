// SPDX-License-Identifier: Apache-2.0

import SlipwayEngine

/// What memory this machine, and the control groups of this process, have left.
package enum MachineMemory {
    /// A group's limit and what it uses of it.
    package struct Group: Sendable, Hashable {
        package let limit: Int
        /// Bytes used, the file cache that can be dropped at once not counted.
        package let used: Int

        package init(limit: Int, used: Int) {
            self.limit = limit
            self.used = used
        }

        package var available: Int { max(0, limit - used) }
    }

    /// Limits of this size are version 1's way to say that there is none.
    private static let noLimit = 1 << 60

    /// Bytes that a new model may take without pushing anything out: the smallest of what the machine and each
    /// control group on the way up have left; `nil` when nothing tells.
    package static func available() -> Int? {
        let machine = TextFile.read("/proc/meminfo").flatMap { parse(meminfo: $0) }
        let groups = groups(mountedAt: "/sys/fs/cgroup").map(\.available)
        return ([machine].compactMap(\.self) + groups).min()
    }

    /// `MemAvailable` of `/proc/meminfo` in bytes: what can be had without swapping, see proc_meminfo(5).
    package static func parse(meminfo text: String) -> Int? {
        for line in text.split(separator: "\n") where line.hasPrefix("MemAvailable:") {
            let fields = line.split(whereSeparator: \.isWhitespace)
            guard fields.count == 3, fields[2] == "kB", let kilobytes = Int(fields[1]), kilobytes >= 0 else {
                return nil
            }
            let (bytes, overflow) = kilobytes.multipliedReportingOverflow(by: 1024)
            return overflow ? nil : bytes
        }
        return nil
    }

    /// Reads version 2's `memory.max` and `memory.current`, or version 1's `memory.limit_in_bytes` and
    /// `memory.usage_in_bytes`.
    ///
    /// A group's usage includes the cache of files it has read, such as a model just imported. What of it is inactive
    /// is dropped before the limit is felt, so it does not count.
    ///
    /// - Parameter stat: `memory.stat`; `nil` counts all usage.
    /// - Returns: `nil` when there is no limit, or no sense in the texts.
    package static func parse(limit: String, current: String, stat: String?) -> Group? {
        guard let limit = number(limit), let current = number(current), limit < noLimit else { return nil }
        let reclaimable = stat.flatMap { inactiveFile(stat: $0) } ?? 0
        return Group(limit: limit, used: current - min(current, reclaimable))
    }

    /// `inactive_file` of version 2; `total_inactive_file` of version 1, which includes the groups below.
    private static func inactiveFile(stat text: String) -> Int? {
        var own: Int?
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count == 2, let bytes = number(fields[1]) else { continue }
            if fields[0] == "total_inactive_file" { return bytes }
            if fields[0] == "inactive_file" { own = bytes }
        }
        return own
    }

    /// The number a text consists of, white space aside; `nil` for `max`, negative ones and anything else.
    private static func number(_ text: some StringProtocol) -> Int? {
        let fields = text.split(whereSeparator: \.isWhitespace)
        guard fields.count == 1, let number = Int(fields[0]), number >= 0 else { return nil }
        return number
    }

    /// The limited groups among the process's own and those above it.
    private static func groups(mountedAt root: String) -> [Group] {
        guard let text = TextFile.read("/proc/self/cgroup") else { return [] }
        let paths = ControlGroupPaths.parse(text)
        // Inside a container the path may be the host's and not exist here; the root then holds the limit.
        let unified = ControlGroupPaths.ancestors(of: paths.unified ?? "").compactMap {
            group("\(root)\($0)", limit: "memory.max", current: "memory.current")
        }
        guard let memory = paths.memory else { return unified }
        return unified
            + ControlGroupPaths.ancestors(of: memory).compactMap {
                group("\(root)/memory\($0)", limit: "memory.limit_in_bytes", current: "memory.usage_in_bytes")
            }
    }

    private static func group(_ folder: String, limit: String, current: String) -> Group? {
        guard
            let limit = TextFile.read("\(folder)/\(limit)", limit: 4096),
            let current = TextFile.read("\(folder)/\(current)", limit: 4096)
        else { return nil }
        return parse(limit: limit, current: current, stat: TextFile.read("\(folder)/memory.stat"))
    }
}
