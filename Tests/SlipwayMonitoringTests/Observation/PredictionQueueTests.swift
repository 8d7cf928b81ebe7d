// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayMonitoring
import Testing

@Suite struct PredictionQueueTests {
    /// Takes everything, and gives the ids in their order.
    private func drain(_ queue: PredictionQueue) -> [String?] {
        var ids: [String?] = []
        while let batch = queue.take() {
            ids += batch.withPredictions { $0.map(\.requestID) }
            queue.finish(batch)
        }
        return ids
    }

    @Test("predictions come out in the order of their offers, over several batches")
    func order() throws {
        let queue = PredictionQueue()
        for round in 0..<3 {
            // More than one batch, and memory that was used before from the second round on.
            for index in 0..<2000 { #expect(queue.offer(try Rows.prediction([0], id: "\(round)-\(index)"))) }
            #expect(drain(queue) == (0..<2000).map { "\(round)-\($0)" })
            #expect(queue.isEmpty)
        }
        #expect(queue.counts.taken == 6000)
        #expect(queue.backlog.bytes == 0)
    }

    @Test("what does not fit is dropped and counted")
    func full() throws {
        let queue = PredictionQueue(maximumCount: 3)
        let accepted = try (0..<5).map { _ in queue.offer(try Rows.prediction([0])) }
        #expect(accepted == [true, true, true, false, false])
        #expect(queue.counts.dropped == 2)
        #expect(drain(queue).count == 3)
        #expect(queue.offer(try Rows.prediction([0])))
    }

    @Test("bytes are bounded too, and free again when a batch is finished", arguments: [100, 20_000])
    func bytes(columns: Int) throws {
        let prediction = try Rows.prediction([Double](repeating: 1, count: columns), columns: columns)
        let measured = PredictionQueue()
        measured.offer(prediction)
        let size = measured.backlog.bytes
        #expect(size > columns * 4)
        let queue = PredictionQueue(maximumBytes: size * 2)
        #expect(queue.offer(prediction))
        #expect(queue.offer(prediction))
        #expect(!queue.offer(prediction))
        let batch = try #require(queue.take())
        // Still in memory.
        #expect(!queue.offer(prediction))
        queue.finish(batch)
        #expect(queue.offer(prediction))
        #expect(queue.backlog.bytes == size)
    }

    @Test("under twice the load every prediction is taken, dropped or waiting")
    func complete() async throws {
        let queue = PredictionQueue(maximumCount: 500)
        let prediction = try Rows.prediction([0])
        let taken = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    for _ in 0..<5000 { queue.offer(prediction) }
                    return 0
                }
            }
            group.addTask {
                var taken = 0
                for _ in 0..<200 {
                    if let batch = queue.take() {
                        taken += batch.count
                        queue.finish(batch)
                    }
                    await Task.yield()
                }
                return taken
            }
            return await group.reduce(0, +)
        }
        let counts = queue.counts
        #expect(counts.offered == 20_000)
        #expect(counts.taken == UInt64(taken))
        #expect(counts.offered == counts.taken + counts.dropped + UInt64(queue.backlog.count))
    }
}
