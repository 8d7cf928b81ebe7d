// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What the process uses of the machine, as the kernel tells it in `/proc/self`.
package struct ProcessResources: Sendable, Equatable {
    package var residentBytes: Int
    /// User and system time together.
    package var cpuSeconds: Double
    package var threads: Int
    package var openFiles: Int
    /// `nil` where there is no limit.
    package var maximumFiles: Int?
    /// Seconds since 1970.
    package var startTime: Double

    /// Reads the kernel's files, which are made in memory: well under a millisecond.
    ///
    /// `nil` where there is no such file system.
    package static func current() -> ProcessResources? {
        guard let stat = ProcFile.read("/proc/self/stat"), let process = ProcessStat(parsing: stat) else { return nil }
        let ticks = max(1, Double(sysconf(Int32(_SC_CLK_TCK))))
        return ProcessResources(
            residentBytes: process.residentPages * max(1, sysconf(Int32(_SC_PAGESIZE))),
            cpuSeconds: Double(process.cpuTicks) / ticks, threads: process.threads,
            openFiles: ProcFile.entryCount("/proc/self/fd"), maximumFiles: maximumOpenFiles(),
            startTime: bootTime() + Double(process.startTicks) / ticks)
    }

    private static func maximumOpenFiles() -> Int? {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0, limit.rlim_cur <= Int64.max else {
            return nil
        }
        return Int(limit.rlim_cur)
    }

    /// When the machine started, in seconds since 1970.
    private static func bootTime() -> Double {
        var now = timespec()
        var sinceBoot = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        clock_gettime(CLOCK_BOOTTIME, &sinceBoot)
        return Double(now.tv_sec - sinceBoot.tv_sec) + Double(now.tv_nsec - sinceBoot.tv_nsec) / 1e9
    }
}
