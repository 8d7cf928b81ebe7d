// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
import SlipwayEngine
import SlipwayFormats
import Synchronization

/// Scores a data set of any size with a model, in memory that does not grow with it.
package struct OfflineScoring: Sendable {
    /// What is scored, and where to.
    package struct Job: Sendable {
        /// A file whose ending tells its format; see ``DataFormat``.
        package var data: String
        /// The file of results; `nil` for standard output.
        package var output: String?
        package var format: ScoreFormat = .jsonLines
        package var shard = Shard.whole
        /// Rows of one call; `nil` to choose.
        package var batch: Int?
        /// Columns of the data that go to the results.
        package var keep: [String] = []
        /// Whether rows that cannot be scored are left out and noted, instead of ending the work.
        package var skipsFailures = false
        /// Whether to begin anew where work was left unfinished.
        package var restarts = false

        package init(data: String) { self.data = data }
    }

    package struct Report: Sendable, Hashable {
        /// Rows that were answered, those of earlier attempts included.
        package var rows: Int
        /// Rows that could not be scored.
        package var skipped: Int
        /// Rows that earlier attempts had done.
        package var resumedFrom: Int
        /// `false` when the work was stopped before its end.
        package var isComplete: Bool

        package init(rows: Int, skipped: Int, resumedFrom: Int, isComplete: Bool) {
            self.rows = rows
            self.skipped = skipped
            self.resumedFrom = resumedFrom
            self.isComplete = isComplete
        }
    }

    /// Larger files are scored row by row even where nothing asks for it.
    package static let wholeByteCount = 64 << 20

    /// Whether a data file is scored row by row, rather than in one call whose answer is shown.
    package static func isMeant(for data: String) -> Bool {
        switch DataFormat(path: data) {
        case .jsonLines, .arrow: true
        case .csv, .npy, .npz: (FileFacts.size(data) ?? 0) > wholeByteCount
        case nil: false
        }
    }

    /// Rows of one call where a model takes any number.
    static let usualBatch = 256
    /// The most bytes, about, that the rows of one call should take.
    static let pieceByteCount = 8 << 20

    let model: any ScoringModel
    let job: Job
    /// Time between journals.
    let interval: Duration

    package init(model: any ScoringModel, job: Job, interval: Duration = .seconds(1)) {
        self.model = model
        self.job = job
        self.interval = interval
    }

    /// - Parameters:
    ///   - stop: When set, what is under way is finished, written down, and the work ends.
    ///   - progress: Called after each piece with how much of the data is done, 0 to 1. An error that it throws ends
    ///     the work at once, as a crash would.
    /// - Throws: `ControlError`, `FormatError`, or what the model throws; the work can be resumed after all of them.
    package func run(
        stop: CancellationFlag = CancellationFlag(), progress: @escaping @Sendable (Double) throws -> Void
    ) async throws -> Report {
        let batch = try batchSize()
        let identity = try ScoringJournal.Identity(job, version: model.version, batch: batch)
        let encoder = ScoreEncoder(format: job.format, keep: job.keep)
        for name in job.keep where model.signature.outputs.contains(where: { $0.name == name }) {
            throw ControlError(.invalidRequest, "an output of the model is called '\(name)' already: do not keep it")
        }
        // Reading and writing block, each on a thread of its own.
        let files = try LaneGroup(count: 2)
        do {
            let report = try await run(files.queue, identity, encoder, stop, progress)
            await files.stop()
            return report
        } catch {
            await files.stop()
            throw error
        }
    }

    private func batchSize() throws -> Int {
        if let most = model.maximumBatchSize, let batch = job.batch, batch > most {
            throw ControlError(
                .invalidRequest, "the model takes at most \(most) rows at once, --batch asks for \(batch)")
        }
        if let batch = job.batch {
            guard (1...Shard.blockRows).contains(batch) else {
                throw ControlError(.invalidRequest, "expected --batch from 1 to \(Shard.blockRows), got \(batch)")
            }
            return batch
        }
        return min(model.maximumBatchSize ?? Self.usualBatch, Shard.blockRows)
    }

    private func run(
        _ files: LaneQueue, _ identity: ScoringJournal.Identity, _ encoder: ScoreEncoder, _ stop: CancellationFlag,
        _ progress: @escaping @Sendable (Double) throws -> Void
    ) async throws -> Report {
        let signature = model.signature
        let job = job
        let sink = try await files.run {
            guard let path = job.output else { return ScoreSink(streaming: identity, encoder: encoder) }
            return try ScoreSink(path: path, identity: identity, encoder: encoder, restarts: job.restarts)
        }
        let begun = sink.journal
        let feed = try await files.run {
            try RowFeed(job, signature, batch: identity.batch, from: begun.position)
        }
        let pipeline = ScoringPipeline(
            feed: feed, sink: sink, files: files, parallelCalls: model.parallelCalls,
            scorer: PieceScorer(model: model, encoder: encoder, skipsFailures: job.skipsFailures),
            schedule: JournalSchedule(every: interval))
        let isComplete = try await pipeline.run(stop: stop, progress: progress)
        if isComplete { try await files.run { try sink.finish() } }
        let journal = sink.journal
        return Report(
            rows: journal.rows, skipped: journal.skipped, resumedFrom: begun.rows + begun.skipped,
            isComplete: isComplete)
    }
}

/// The rows of one shard of a data set, in pieces for one call each.
final class RowFeed: Sendable {
    struct Piece: Sendable {
        let block: any RowBlock
        /// Where the rows after it begin.
        let end: RowPosition
        /// How much of the data set is read.
        let fraction: Double
    }

    private let source: Mutex<any RowSource>
    private let shard: Shard
    private let batch: Int

    /// Opens the data; blocks.
    init(_ job: OfflineScoring.Job, _ signature: ModelSignature, batch: Int, from position: RowPosition) throws {
        guard let format = DataFormat(path: job.data) else {
            throw ControlError(
                .invalidRequest,
                "'\(job.data)' is read by rows when it ends in .csv, .jsonl, .npy, .npz or .arrow")
        }
        let isBeginning = position == RowPosition()
        source = Mutex(
            try format.open(
                try FileSource(path: job.data), for: signature, keep: job.keep, from: isBeginning ? nil : position))
        shard = job.shard
        self.batch = batch
    }

    /// The next piece, `nil` at the end; blocks.
    func next() throws -> Piece? {
        try source.withLock { source in
            while true {
                switch shard.step(at: source.position.row) {
                case .skip(let count):
                    guard try source.skip(count) == count else { return nil }
                case .read(let count):
                    guard
                        let block = try source.next(min(count, batch), byteCount: OfflineScoring.pieceByteCount)
                    else { return nil }
                    return Piece(block: block, end: source.position, fraction: source.fraction)
                }
            }
        }
    }
}
