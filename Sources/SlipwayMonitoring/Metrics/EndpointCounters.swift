// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// Adds up the observations of one endpoint and version.
struct EndpointCounters {
    /// Batch sizes listed one by one; calls of further sizes are counted but not listed.
    static let maximumBatchSizes = 128

    private struct BatchSums {
        var computeInput = EndpointStatistics.Total()
        var compute = EndpointStatistics.Total()
        var computeOutput = EndpointStatistics.Total()
    }

    private(set) var statistics = EndpointStatistics()
    private(set) var failures: [ErrorCategory: UInt64] = [:]
    private(set) var inputBytes: UInt64 = 0
    private(set) var outputBytes: UInt64 = 0
    /// Lanes' time inside engine calls.
    private(set) var laneNanoseconds: UInt64 = 0
    private(set) var routes: [RouteKind: UInt64] = [:]
    private var batches: [Int: BatchSums] = [:]

    mutating func add(_ observation: InferenceObservation, nanoseconds: ObservedNanoseconds, at now: Timestamp) {
        statistics.lastInference = now
        inputBytes &+= UInt64(clamping: observation.inputBytes)
        outputBytes &+= UInt64(clamping: observation.outputBytes)
        guard case .success = observation.outcome else {
            statistics.failure.add(nanoseconds.total)
            if case .failure(let category) = observation.outcome { failures[category, default: 0] &+= 1 }
            return
        }
        routes[observation.route, default: 0] &+= 1
        statistics.success.add(nanoseconds.total)
        statistics.inferenceCount &+= UInt64(clamping: observation.rows)
        if observation.route == .cache { statistics.cacheHit.add(nanoseconds.total) }
        guard observation.batchSize > 0 else { return }
        statistics.queue.add(nanoseconds.queue)
        statistics.computeInput.add(nanoseconds.computeInput)
        statistics.compute.add(nanoseconds.compute)
        statistics.computeOutput.add(nanoseconds.computeOutput)
    }

    mutating func add(_ execution: ExecutionObservation) {
        statistics.executionCount &+= 1
        let timings = execution.timings
        laneNanoseconds &+= (timings.computeInput + timings.compute + timings.computeOutput).clampedNanoseconds
        guard batches[execution.rows] != nil || batches.count < Self.maximumBatchSizes else { return }
        var sums = batches[execution.rows] ?? BatchSums()
        sums.computeInput.add(execution.timings.computeInput.clampedNanoseconds)
        sums.compute.add(execution.timings.compute.clampedNanoseconds)
        sums.computeOutput.add(execution.timings.computeOutput.clampedNanoseconds)
        batches[execution.rows] = sums
    }

    /// The sums with the batches in order of their sizes.
    func summary() -> EndpointStatistics {
        var result = statistics
        result.batches = batches.sorted { $0.key < $1.key }.map { size, sums in
            EndpointStatistics.Batch(
                size: size, computeInput: sums.computeInput, compute: sums.compute,
                computeOutput: sums.computeOutput)
        }
        return result
    }
}

/// An observation's times as numbers, converted once and outside the lock.
struct ObservedNanoseconds {
    let total: UInt64
    let queue: UInt64
    let computeInput: UInt64
    let compute: UInt64
    let computeOutput: UInt64

    init(_ observation: InferenceObservation) {
        total = observation.total.clampedNanoseconds
        queue = observation.timings.queue.clampedNanoseconds
        computeInput = observation.timings.computeInput.clampedNanoseconds
        compute = observation.timings.compute.clampedNanoseconds
        computeOutput = observation.timings.computeOutput.clampedNanoseconds
    }
}
