// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayMonitoring
import Testing

@Suite struct PredictionQueueTests {
    @Test("predictions come out in the order of their offers, as many as asked for")
    func order() throws {
        let queue = PredictionQueue()
        // More than one chunk, and no multiple of it.
        for index in 0..<700 { #expect(queue.offer(try Rows.prediction([0], id: "\(index)"))) }
        var ids: [String?] = []
        for limit in [0, 1, 300, 10_000] { ids += queue.take(upTo: limit).map(\.requestID) }
        #expect(ids == (0..<700).map { "\($0)" })
        #expect(queue.isEmpty)
        #expect(queue.counts.taken == 700)
    }

    @Test("what does not fit is dropped and counted")
    func full() throws {
        let queue = PredictionQueue(maximumCount: 3)
        let accepted = try (0..<5).map { _ in queue.offer(try Rows.prediction([0])) }
        #expect(accepted == [true, true, true, false, false])
        #expect(queue.counts.dropped == 2)
        #expect(queue.take(upTo: 1).count == 1)
        #expect(queue.offer(try Rows.prediction([0])))
    }

    @Test("bytes are bounded too, and free again when taken")
    func bytes() throws {
        let prediction = try Rows.prediction([Double](repeating: 1, count: 100), columns: 100)
        let queue = PredictionQueue(maximumBytes: prediction.byteCount * 2)
        #expect(queue.offer(prediction))
        #expect(queue.offer(prediction))
        #expect(!queue.offer(prediction))
        _ = queue.take(upTo: 1)
        #expect(queue.offer(prediction))
        #expect(queue.backlog.bytes == prediction.byteCount * 2)
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
                    taken += queue.take(upTo: 64).count
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
