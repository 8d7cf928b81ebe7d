// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayEngine

/// Reads ahead, keeps several calls under way and writes their results in the order of the rows.
struct ScoringPipeline {
    let feed: RowFeed
    let sink: ScoreSink
    /// For reading and writing, which block.
    let files: LaneQueue
    let parallelCalls: Int
    let scorer: PieceScorer
    var schedule: JournalSchedule

    /// What one call came to; a failure takes its place in the order, so that all rows before it are written.
    private struct Outcome: Sendable {
        let piece: RowFeed.Piece
        let result: Result<ScoredPiece, any Error>
    }

    /// - Returns: Whether all rows are done.
    /// - Throws: The first error in the order of the rows, after all before it is written and saved.
    func run(
        stop: CancellationFlag, progress: @escaping @Sendable (Double) throws -> Void
    ) async throws -> Bool {
        var pipeline = self
        // One call more than run, so that no lane waits for rows.
        let window = max(1, parallelCalls) * 2
        return try await withThrowingTaskGroup(of: (Int, Outcome).self) { group in
            var order = PieceOrder<Outcome>()
            var hasMore = true
            var failure: (any Error)?
            while true {
                while hasMore, failure == nil, order.openCount < window, !stop.isCancelled {
                    do {
                        guard let piece = try await pipeline.read() else {
                            hasMore = false
                            break
                        }
                        let number = order.send()
                        let scorer = pipeline.scorer
                        group.addTask {
                            do {
                                return (
                                    number, Outcome(piece: piece, result: .success(try await scorer.score(piece.block)))
                                )
                            } catch {
                                return (number, Outcome(piece: piece, result: .failure(error)))
                            }
                        }
                    } catch {
                        // What was read before is scored and written first.
                        failure = error
                    }
                }
                guard let (number, outcome) = try await group.next() else { break }
                order.comeBack(outcome, number: number)
                while let outcome = order.take() {
                    do {
                        try await pipeline.write(try outcome.result.get(), upTo: outcome.piece.end)
                    } catch {
                        // Rows behind a failed one are scored again later.
                        group.cancelAll()
                        try await pipeline.save()
                        throw error
                    }
                    try progress(outcome.piece.fraction)
                }
            }
            try await pipeline.save()
            if let failure { throw failure }
            return !hasMore
        }
    }

    private func read() async throws -> RowFeed.Piece? {
        let feed = feed
        return try await files.run { try feed.next() }
    }

    private mutating func write(_ piece: ScoredPiece, upTo position: RowPosition) async throws {
        let sink = sink
        let isDue = schedule.isDue(at: .now)
        try await files.run {
            try sink.append(piece, upTo: position)
            if isDue { try sink.save() }
        }
    }

    private func save() async throws {
        let sink = sink
        try await files.run { try sink.save() }
    }
}
