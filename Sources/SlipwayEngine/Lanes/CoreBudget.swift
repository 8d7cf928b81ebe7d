// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The processors this process may keep busy: one number, found once, shared out to everyone.
///
/// No engine is left to guess: a library that counts the machine's processors starts too many threads in a container.
package struct CoreBudget: Sendable, Hashable {
    /// 1 or more.
    package let cores: Int

    /// - Parameter cores: Taken as 1 when smaller.
    package init(cores: Int) { self.cores = max(1, cores) }

    /// The smaller of what affinity and quotas allow; part of a processor counts as none, but one is always there.
    package init(affinity: Int, quotas: [CPUQuota]) {
        let allowed = quotas.map { Int(min($0.processors, 1_048_576).rounded(.down)) }
        self.init(cores: min(affinity, allowed.min() ?? affinity))
    }

    /// What this process may use now, from its affinity mask and its control groups.
    package static func current() -> CoreBudget {
        CoreBudget(affinity: affinityCount(), quotas: quotas(mountedAt: "/sys/fs/cgroup"))
    }

    /// Limits of the process's control group and of those above it.
    private static func quotas(mountedAt root: String) -> [CPUQuota] {
        guard let text = TextFile.read("/proc/self/cgroup") else { return [] }
        let paths = ControlGroupPaths.parse(text)
        // Inside a container the path may be the host's and not exist here; the root then holds the limit.
        let unified = ControlGroupPaths.ancestors(of: paths.unified ?? "").compactMap { path in
            TextFile.read("\(root)\(path)/cpu.max").flatMap { CPUQuota.parse(cpuMax: $0) }
        }
        guard let cpu = paths.cpu else { return unified }
        let first = ["cpu", "cpu,cpuacct"].flatMap { tree in
            ControlGroupPaths.ancestors(of: cpu).compactMap { path -> CPUQuota? in
                guard
                    let quota = TextFile.read("\(root)/\(tree)\(path)/cpu.cfs_quota_us"),
                    let period = TextFile.read("\(root)/\(tree)\(path)/cpu.cfs_period_us")
                else { return nil }
                return CPUQuota.parse(quota: quota, period: period)
            }
        }
        return unified + first
    }

    /// Processors in the process's affinity mask.
    private static func affinityCount() -> Int {
        let status = TextFile.read("/proc/self/status").flatMap { AffinityList.count(status: $0) }
        return status ?? max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
    }
}
