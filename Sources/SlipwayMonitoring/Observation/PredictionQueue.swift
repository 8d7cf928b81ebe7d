// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
import Synchronization

/// Predictions on their way from the requests to the monitors: bounded in number and bytes, never waited for.
///
/// ``offer(_:)`` is called once per answered request from any thread: one short lock, no allocation but for one in 256
/// calls. When the queue is full the prediction is dropped and counted, so that
/// `offered = taken + dropped + waiting` holds at every moment.
package final class PredictionQueue: Sendable {
    package struct Counts: Sendable, Hashable {
        package var offered: UInt64 = 0
        package var taken: UInt64 = 0
        package var dropped: UInt64 = 0
    }

    /// Predictions that are handed over together.
    private static let chunkCount = 256

    private struct State {
        var chunks: [[PredictionObservation]] = []
        var waiting = 0
        var bytes = 0
        var counts = Counts()

        mutating func append(_ prediction: PredictionObservation) {
            if chunks.isEmpty || chunks[chunks.count - 1].count >= PredictionQueue.chunkCount {
                var chunk: [PredictionObservation] = []
                chunk.reserveCapacity(PredictionQueue.chunkCount)
                chunks.append(chunk)
            }
            chunks[chunks.count - 1].append(prediction)
        }

        mutating func take(upTo limit: Int) -> [[PredictionObservation]] {
            var taken: [[PredictionObservation]] = []
            var left = limit
            var whole = 0
            while whole < chunks.count, chunks[whole].count <= left {
                left -= chunks[whole].count
                taken.append(chunks[whole])
                whole += 1
            }
            chunks.removeFirst(whole)
            if left > 0, !chunks.isEmpty {
                taken.append(Array(chunks[0].prefix(left)))
                chunks[0].removeFirst(left)
            }
            return taken
        }
    }

    private let maximumCount: Int
    private let maximumBytes: Int
    private let state = Mutex(State())

    /// - Parameters:
    ///   - maximumCount: Predictions that may wait.
    ///   - maximumBytes: Bytes of their tensors together.
    package init(maximumCount: Int = 65_536, maximumBytes: Int = 64 << 20) {
        self.maximumCount = max(0, maximumCount)
        self.maximumBytes = max(0, maximumBytes)
    }

    /// Keeps a prediction until it is taken; `false` when there is no room, and it was dropped.
    @discardableResult
    package func offer(_ prediction: PredictionObservation) -> Bool {
        let size = prediction.byteCount
        return state.withLock { state in
            state.counts.offered &+= 1
            guard state.waiting < maximumCount, size <= maximumBytes - state.bytes else {
                state.counts.dropped &+= 1
                return false
            }
            state.append(prediction)
            state.waiting += 1
            state.bytes += size
            return true
        }
    }

    /// The predictions that have waited longest, at most `limit`, in the order of their offers.
    package func take(upTo limit: Int) -> [PredictionObservation] {
        guard limit > 0 else { return [] }
        let chunks = state.withLock { $0.take(upTo: limit) }
        let taken = chunks.count == 1 ? chunks[0] : chunks.flatMap(\.self)
        let bytes = taken.reduce(0) { $0 + $1.byteCount }
        // Their room is free only now: the bytes are in memory until they are handed on.
        state.withLock { state in
            state.waiting -= taken.count
            state.bytes -= bytes
            state.counts.taken &+= UInt64(taken.count)
        }
        return taken
    }

    package var isEmpty: Bool { state.withLock { $0.waiting == 0 } }
    package var counts: Counts { state.withLock { $0.counts } }
    /// Predictions that wait, and their bytes.
    package var backlog: (count: Int, bytes: Int) { state.withLock { ($0.waiting, $0.bytes) } }
}
