// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// Adds up the observations of one endpoint and version.
///
/// Engine calls are not observed, requests are. Requests of one batch all carry the batch's size and times, so that
/// rows divided by the size count the calls, and row-weighted times divided by the size add each call's time once.
struct EndpointCounters {
    /// Batch sizes listed one by one; calls of further sizes are counted but not listed.
    static let maximumBatchSizes = 128

    private struct BatchSums {
        var rows: UInt64 = 0
        // Row-weighted nanoseconds: 64 bits could overflow within days of large batches.
        var computeInput: UInt128 = 0
        var compute: UInt128 = 0
        var computeOutput: UInt128 = 0
    }

    private(set) var statistics = EndpointStatistics()
    private(set) var failures: [ErrorCategory: UInt64] = [:]
    private(set) var inputBytes: UInt64 = 0
    private(set) var outputBytes: UInt64 = 0
    private var batches: [Int: BatchSums] = [:]
    private var unlistedExecutions = 0.0

    mutating func add(_ observation: InferenceObservation, nanoseconds: ObservedNanoseconds, at now: Timestamp) {
        statistics.lastInference = now
        inputBytes &+= UInt64(clamping: observation.inputBytes)
        outputBytes &+= UInt64(clamping: observation.outputBytes)
        guard case .success = observation.outcome else {
            statistics.failure.add(nanoseconds.total)
            if case .failure(let category) = observation.outcome { failures[category, default: 0] &+= 1 }
            return
        }
        statistics.success.add(nanoseconds.total)
        statistics.queue.add(nanoseconds.queue)
        statistics.computeInput.add(nanoseconds.computeInput)
        statistics.compute.add(nanoseconds.compute)
        statistics.computeOutput.add(nanoseconds.computeOutput)
        statistics.inferenceCount &+= UInt64(clamping: observation.rows)
        if observation.batchSize > 0 { addToBatch(observation, nanoseconds) }
    }

    private mutating func addToBatch(_ observation: InferenceObservation, _ nanoseconds: ObservedNanoseconds) {
        let rows = UInt64(clamping: observation.rows)
        guard batches[observation.batchSize] != nil || batches.count < Self.maximumBatchSizes else {
            unlistedExecutions += Double(rows) / Double(observation.batchSize)
            return
        }
        var sums = batches[observation.batchSize] ?? BatchSums()
        sums.rows &+= rows
        sums.computeInput &+= UInt128(rows) * UInt128(nanoseconds.computeInput)
        sums.compute &+= UInt128(rows) * UInt128(nanoseconds.compute)
        sums.computeOutput &+= UInt128(rows) * UInt128(nanoseconds.computeOutput)
        batches[observation.batchSize] = sums
    }

    /// The sums with the batches worked out.
    func summary() -> EndpointStatistics {
        var result = statistics
        result.batches = batches.sorted { $0.key < $1.key }.map { size, sums in
            let calls = sums.rows / UInt64(size)
            func total(_ weighted: UInt128) -> EndpointStatistics.Total {
                EndpointStatistics.Total(count: calls, nanoseconds: UInt64(clamping: weighted / UInt128(size)))
            }
            return EndpointStatistics.Batch(
                size: size, computeInput: total(sums.computeInput), compute: total(sums.compute),
                computeOutput: total(sums.computeOutput))
        }
        result.executionCount = result.batches.reduce(UInt64(unlistedExecutions)) { $0 &+ $1.compute.count }
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
