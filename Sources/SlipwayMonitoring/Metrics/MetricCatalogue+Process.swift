// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// The metrics of the process and of the machine it runs on.
extension MetricCatalogue {
    package static let residentMemory = metric(
        "process_resident_memory_bytes", .gauge, "bytes", help: "Resident memory of the process.")
    package static let virtualMemory = metric(
        "process_virtual_memory_bytes", .gauge, "bytes", help: "Address space of the process, used or not.")
    package static let memoryByKind = metric(
        "slipway_process_memory_bytes", .gauge, "bytes", ["kind"],
        help: "Memory by kind: anonymous, mapped from files and shared are resident; arena is what the C library's "
            + "allocator holds, arena_free what of it nobody uses.")
    package static let cpuTime = metric(
        "process_cpu_seconds_total", .counter, "seconds", help: "User and system time the process has used.")
    package static let openFiles = metric(
        "process_open_fds", .gauge, "descriptors", help: "Open file descriptors.")
    package static let maximumFiles = metric(
        "process_max_fds", .gauge, "descriptors", help: "File descriptors that may be open.")
    package static let threads = metric("process_threads", .gauge, "threads", help: "Threads of the process.")
    package static let diskBytes = metric(
        "slipway_process_disk_bytes_total", .counter, "bytes", ["direction"],
        help: "Bytes that the process made the disks read and write; what the page cache answered is not in it.")
    package static let startTime = metric(
        "process_start_time_seconds", .gauge, "seconds", help: "When the process started, in seconds since 1970.")
    package static let laneTime = metric(
        "slipway_endpoint_lane_seconds_total", .counter, "seconds", ["endpoint", "version"],
        help: "Time that lanes spent inside engine calls and steps of language models. With one thread per call it is "
            + "the endpoint's CPU time; with more the CPU time is up to so many times as much.")
    package static let cgroupPeriods = metric(
        "slipway_cgroup_periods_total", .counter, "periods", ["outcome"],
        help: "Scheduling periods of the control group: all, and those in which it was throttled.")
    package static let cgroupThrottled = metric(
        "slipway_cgroup_throttled_seconds_total", .counter, "seconds",
        help: "Time that the control group's threads were held back by its CPU limit.")
    package static let cgroupMemory = metric(
        "slipway_cgroup_memory_bytes", .gauge, "bytes", ["kind"],
        help: "Memory of the control group: used, page cache included, and its limit where it has one.")
    package static let cgroupCores = metric(
        "slipway_cgroup_cpu_limit_cores", .gauge, "cores", help: "CPU limit of the control group, where it has one.")
    package static let gpuMemory = metric(
        "slipway_gpu_memory_bytes", .gauge, "bytes", ["device", "kind"],
        help: "Memory of graphics processors, where the kernel's driver tells it (amdgpu): used and total, of all "
            + "processes.")
    package static let buildInfo = metric(
        "slipway_build_info", .gauge, "none", ["version"], help: "Always 1; the label tells the version of the server.")
    package static let samplesLeftOut = metric(
        "slipway_samples_left_out", .gauge, "samples",
        help: "Values that this scrape does not show, because a metric had more than it may have.")

    /// In the order of the exposition; the last must stay the last.
    package static let process = [
        residentMemory, virtualMemory, memoryByKind, cpuTime, laneTime, openFiles, maximumFiles, threads, diskBytes,
        startTime, cgroupPeriods, cgroupThrottled, cgroupMemory, cgroupCores, gpuMemory, buildInfo, samplesLeftOut,
    ]

    private static func metric(
        _ name: String, _ kind: MetricDescriptor.Kind, _ unit: String, _ labels: [String] = [], help: String
    ) -> MetricDescriptor {
        MetricDescriptor(name: name, kind: kind, unit: unit, labels: labels, help: help)
    }
}
