// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
import Synchronization

/// Predictions on their way from the requests to the monitors: bounded in number and bytes, never waited for.
///
/// ``offer(_:)`` is called once per answered request from any thread: it copies the request's numbers while they are
/// in that processor's cache, under one short lock, into memory that is used again and again. When the queue is full
/// the prediction is dropped and counted, so that `offered = taken + dropped + waiting` holds at every moment.
package final class PredictionQueue: Sendable {
    package struct Counts: Sendable, Hashable {
        package var offered: UInt64 = 0
        package var taken: UInt64 = 0
        package var dropped: UInt64 = 0
    }

    private struct State {
        /// The first are the oldest; predictions are put into the last.
        var batches: [PredictionBatch] = []
        /// Read and empty again.
        var spare: [PredictionBatch] = []
        var waiting = 0
        var bytes = 0
        var counts = Counts()

        mutating func append(_ packer: PredictionPacker) {
            if batches.isEmpty || !batches[batches.count - 1].hasRoom(for: packer) {
                var batch = spare.popLast() ?? PredictionBatch()
                batch.makeRoom(for: packer)
                batches.append(batch)
            }
            batches[batches.count - 1].append(packer)
        }
    }

    /// Empty batches that are kept for the next predictions.
    private static let maximumSpare = 8

    private let maximumCount: Int
    private let maximumBytes: Int
    private let state = Mutex(State())

    /// - Parameters:
    ///   - maximumCount: Predictions that may wait.
    ///   - maximumBytes: Bytes of them together, as they are packed; batches that are not full take up to as much
    ///     again.
    package init(maximumCount: Int = 65_536, maximumBytes: Int = 64 << 20) {
        self.maximumCount = max(0, maximumCount)
        self.maximumBytes = max(0, maximumBytes)
    }

    /// Keeps a prediction until it is taken; `false` when there is no room, and it was dropped.
    @discardableResult
    package func offer(_ prediction: PredictionObservation) -> Bool {
        let packer = PredictionPacker(prediction)
        let size = packer.map { $0.byteCount + $0.keptBytes } ?? .max
        return state.withLock { state in
            state.counts.offered &+= 1
            guard state.waiting < maximumCount, size <= maximumBytes - state.bytes, let packer else {
                state.counts.dropped &+= 1
                return false
            }
            state.append(packer)
            state.waiting += 1
            state.bytes += size
            return true
        }
    }

    /// The predictions that have waited longest, some hundred at most, in the order of their offers.
    ///
    /// - Returns: `nil` when none waits; else a batch for ``finish(_:)``.
    package func take() -> PredictionBatch? {
        state.withLock { $0.batches.isEmpty ? nil : $0.batches.removeFirst() }
    }

    /// Takes a batch back when its predictions were looked at: their room is free only now.
    package func finish(_ batch: consuming PredictionBatch) {
        let (count, bytes) = (batch.count, batch.byteCount)
        var empty = batch
        // Tensors that were kept are let go of outside of the lock.
        empty.removeAll()
        state.withLock { [empty] state in
            state.waiting -= count
            state.bytes -= bytes
            state.counts.taken &+= UInt64(count)
            if state.spare.count < Self.maximumSpare, empty.isUsual { state.spare.append(empty) }
        }
    }

    package var isEmpty: Bool { state.withLock { $0.waiting == 0 } }
    package var counts: Counts { state.withLock { $0.counts } }
    /// Predictions that wait, and their bytes.
    package var backlog: (count: Int, bytes: Int) { state.withLock { ($0.waiting, $0.bytes) } }
}
