// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// How one request of a load test ended.
package enum BenchOutcome: Sendable, Hashable {
    /// An answer came, whatever its status.
    case answered(status: Int, bytes: Int)
    /// Nothing came within the time-out.
    case timedOut
    /// The connection was refused or could not be made.
    case notConnected
    /// The connection closed before the whole answer was there.
    case disconnected
    /// What came is not HTTP.
    case malformed

    /// As it stands in the report's errors; `nil` for success, which is a status of 200 to 299.
    package var errorName: String? {
        switch self {
        case .answered(let status, _): (200..<300).contains(status) ? nil : String(status)
        case .timedOut: "timeout"
        case .notConnected: "connect"
        case .disconnected: "disconnected"
        case .malformed: "malformed"
        }
    }
}

/// Counts the outcomes of a load test: those that belong to the measured window.
///
/// A closed loop counts what ends within the window, an open loop what was to be sent within it.
package struct BenchRecorder: Sendable {
    /// Nanoseconds on the run's clock.
    private var window: Range<UInt64>
    private let countsByStart: Bool
    package private(set) var latencies = LatencyDistribution()
    package private(set) var errors: [String: Int] = [:]
    package private(set) var successes = 0
    package private(set) var bytesReceived = 0

    package init(window: Range<UInt64>, countsByStart: Bool) {
        self.window = window
        self.countsByStart = countsByStart
    }

    /// How long was measured.
    package var windowSeconds: Double { Double(window.count) / 1e9 }

    /// Ends the window early: the run was given up.
    package mutating func cut(at now: UInt64) {
        window = window.lowerBound..<max(window.lowerBound, min(window.upperBound, now))
    }

    /// - Parameters:
    ///   - start: When it was sent; in an open loop, when it was to be sent.
    ///   - end: When its outcome was known.
    package mutating func record(_ outcome: BenchOutcome, start: UInt64, end: UInt64) {
        guard window.contains(countsByStart ? start : end) else { return }
        if case .answered(_, let bytes) = outcome { bytesReceived += bytes }
        if let name = outcome.errorName {
            errors[name, default: 0] += 1
        } else {
            successes += 1
            latencies.record(nanoseconds: end > start ? end - start : 0)
        }
    }
}
