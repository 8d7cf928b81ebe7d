// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What the process uses of the machine, as the kernel tells it in `/proc/self`.
package struct ProcessResources: Sendable, Equatable {
    package var residentBytes: Int
    /// User and system time together.
    package var cpuSeconds: Double
    package var threads: Int
    package var openFiles: Int
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
            openFiles: ProcFile.entryCount("/proc/self/fd"),
            startTime: bootTime() + Double(process.startTicks) / ticks)
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

extension MetricsRegistry {
    /// Adds the process's own metrics and the build's.
    ///
    /// - Parameter version: The server's version.
    package func provideProcessMetrics(version: String) {
        func provide(_ value: @escaping @Sendable (ProcessResources) -> Double) -> @Sendable () -> [MetricSample] {
            { ProcessResources.current().map { [MetricSample(value($0))] } ?? [] }
        }
        self.provide(MetricCatalogue.residentMemory, provide { Double($0.residentBytes) })
        self.provide(MetricCatalogue.cpuTime, provide { $0.cpuSeconds })
        self.provide(MetricCatalogue.openFiles, provide { Double($0.openFiles) })
        self.provide(MetricCatalogue.threads, provide { Double($0.threads) })
        self.provide(MetricCatalogue.startTime, provide { $0.startTime })
        self.provide(MetricCatalogue.buildInfo) { [MetricSample(1, labels: [version])] }
    }
}
