// SPDX-License-Identifier: Apache-2.0

/// Why a drawn request is not in the capture log.
package enum CaptureDropReason: String, Sendable, Hashable, CaseIterable {
    /// More came than the disk takes.
    case queueFull = "queue_full"
    /// The disk failed when its file was written: full, or broken.
    case diskFailed = "disk_failed"
    /// It came while capture rests after such a failure.
    case stopped
    /// One request larger than what is captured at all.
    case tooLarge = "too_large"
    /// It cannot be written as a table.
    case unreadable
}

/// What became of an endpoint's requests: `offered` is `kept`, all of `dropped` and `pending` together, always.
package struct CaptureCounts: Sendable, Hashable {
    /// Not drawn by the sampling rule; not among the offered.
    package var passedOver = 0
    package var offered = 0
    /// In a sealed segment on the disk.
    package var kept = 0
    package var dropped: [CaptureDropReason: Int] = [:]
    /// In the queue, or in a segment that is still open.
    package var pending: Int { offered - kept - dropped.values.reduce(0, +) }

    package init() {}

    /// By name: `offered`, `kept`, `waiting`, `passed_over`, `dropped_queue_full` and so on.
    package var byName: [String: Int] {
        var result = ["offered": offered, "kept": kept, "waiting": pending, "passed_over": passedOver]
        for reason in CaptureDropReason.allCases { result["dropped_\(reason.rawValue)"] = dropped[reason] ?? 0 }
        return result
    }
}

/// What the writing thread did, by endpoint.
struct CaptureTally {
    private(set) var kept: [String: Int] = [:]
    private(set) var dropped: [String: [CaptureDropReason: Int]] = [:]

    mutating func keep(_ count: Int, of endpoint: String) { kept[endpoint, default: 0] += count }

    mutating func drop(_ count: Int, of endpoint: String, _ reason: CaptureDropReason) {
        if count > 0 { dropped[endpoint, default: [:]][reason, default: 0] += count }
    }
}
