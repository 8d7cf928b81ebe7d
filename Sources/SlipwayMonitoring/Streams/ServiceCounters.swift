// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import Synchronization

/// Requests of one version, counted where they end until the next report takes the counts.
///
/// ``add(_:)`` is called once per request from any thread: a short lock and three additions.
final class ServiceCounters: Sendable {
    /// Ended generations that wait for the report; beyond it they only count as requests.
    private static let maximumGenerations = 4096

    struct Values: Sendable {
        var good: UInt64 = 0
        /// Faults of the service; what callers do wrong is neither good nor bad.
        var bad: UInt64 = 0
        /// Those of ``bad`` that ended before a version was chosen.
        var unrouted: UInt64 = 0
        var latencies = LatencyCells()
        var generations: [(prompt: Int, cached: Int, output: Int)] = []
    }

    private let values = Mutex(Values())

    func add(_ outcome: InferenceObservation.Outcome, nanoseconds: UInt64, isUnrouted: Bool = false) {
        values.withLock { values in
            switch outcome {
            case .success:
                values.good &+= 1
                values.latencies.add(nanoseconds)
            case .failure(let category):
                guard Self.isFault(category) else { return }
                values.bad &+= 1
                if isUnrouted { values.unrouted &+= 1 }
            }
        }
    }

    func add(_ generation: GenerationObservation) {
        add(generation.outcome, nanoseconds: generation.total.clampedNanoseconds)
        guard case .success = generation.outcome else { return }
        values.withLock { values in
            guard values.generations.count < Self.maximumGenerations else { return }
            values.generations.append((generation.promptTokens, generation.cachedTokens, generation.outputTokens))
        }
    }

    /// What was counted since the last call.
    func take() -> Values {
        values.withLock { values in
            defer { values = Values() }
            return values
        }
    }

    static func isFault(_ category: ErrorCategory) -> Bool {
        switch category {
        case .unavailable, .deadlineExceeded, .outOfResources, .corrupt, .internal: true
        case .invalidInput, .notFound, .conflict, .unauthenticated, .forbidden, .tooLarge, .quotaExceeded, .cancelled,
            .unsupported:
            false
        }
    }
}

/// Latencies on every fourth bound of the ``LatencyScale``: within 3.2 %, in 1.8 KB.
struct LatencyCells: Sendable {
    private static let joined = 4
    static let cellCount = LatencyScale.cellCount / LatencyCells.joined
    /// Empty until the first.
    private(set) var cells: [UInt32] = []
    private(set) var count: UInt64 = 0
    private(set) var sumNanoseconds = 0.0

    init() {}

    /// - Precondition: There are ``cellCount``.
    init(cells: [UInt32], sumNanoseconds: Double) {
        self.cells = cells
        self.sumNanoseconds = sumNanoseconds
        count = cells.reduce(0) { $0 &+ UInt64($1) }
    }

    mutating func add(_ nanoseconds: UInt64) {
        if cells.isEmpty { cells = [UInt32](repeating: 0, count: Self.cellCount) }
        cells[LatencyScale.cell(ofNanoseconds: nanoseconds) / Self.joined] &+= 1
        count &+= 1
        sumNanoseconds += Double(nanoseconds)
    }

    mutating func merge(_ other: LatencyCells) {
        guard !other.cells.isEmpty else { return }
        if cells.isEmpty { cells = [UInt32](repeating: 0, count: Self.cellCount) }
        for index in cells.indices { cells[index] &+= other.cells[index] }
        count &+= other.count
        sumNanoseconds += other.sumNanoseconds
    }

    /// The latency that a share `q` does not exceed, in seconds, by the nearest-rank rule; `nil` without any.
    func quantile(_ q: Double) -> Double? {
        guard count > 0 else { return nil }
        let rank = max(1, (q * Double(count)).rounded(.up))
        var seen = 0.0
        for (index, cell) in cells.enumerated() where cell > 0 {
            seen += Double(cell)
            guard seen >= rank else { continue }
            let lower = LatencyScale.lowerBound(ofCell: index * Self.joined)
            let upper = LatencyScale.lowerBound(ofCell: (index + 1) * Self.joined)
            return Double(lower + (upper - lower) / 2) / 1e9
        }
        return nil
    }
}
