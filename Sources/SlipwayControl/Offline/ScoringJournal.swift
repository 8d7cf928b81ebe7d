// SPDX-License-Identifier: Apache-2.0

/// How far the scoring of a data set came, kept beside its results.
struct ScoringJournal: Sendable, Hashable, Codable {
    /// What must be the same for the work to go on: with anything else the results would be of two kinds.
    struct Identity: Sendable, Hashable, Codable {
        /// Of the journal, and of how data sets are cut into calls.
        var layout = 1
        var data: String
        var dataByteCount: Int
        /// Nanoseconds since 1970.
        var dataModified: Int
        var version: String
        var shard: String
        var batch: Int
        var keep: [String]
        var format: ScoreFormat
    }

    var identity: Identity
    /// Where the next row to be scored begins.
    var position: RowPosition
    /// Bytes of results, and of errors, that belong to the rows before it.
    var outputByteCount = 0
    var errorByteCount = 0
    var rows = 0
    var skipped = 0
    /// The columns of a CSV file, once its first line is written.
    var columns: [String]?

    /// Why the work cannot go on with other circumstances; `nil` when it can.
    func refusal(for now: Identity) -> ControlError? {
        let what: String
        if identity.data != now.data {
            what = "it was begun with the data '\(identity.data)', now they are '\(now.data)'"
        } else if (identity.dataByteCount, identity.dataModified) != (now.dataByteCount, now.dataModified) {
            what = "the data file was changed since"
        } else if identity.version != now.version {
            what = "it was begun with \(identity.version), now it would be \(now.version)"
        } else if identity.shard != now.shard {
            what = "it was begun as shard \(identity.shard), now it would be \(now.shard)"
        } else if identity.batch != now.batch {
            what = "it was begun with --batch \(identity.batch), now it would be \(now.batch)"
        } else if identity.keep != now.keep {
            what = "it was begun with other columns to keep"
        } else if identity != now {
            what = "it was begun by another version of this program"
        } else {
            return nil
        }
        return ControlError(
            .changedOnDisk, "the unfinished work cannot be resumed: \(what). --restart begins anew")
    }
}

extension ScoringJournal.Identity {
    /// - Throws: `ControlError` when there is no such data file.
    init(_ job: OfflineScoring.Job, version: String, batch: Int) throws(ControlError) {
        guard let facts = FileFacts.identity(job.data) else {
            throw ControlError(.notFound, "there is no file '\(job.data)'")
        }
        self.init(
            data: facts.path, dataByteCount: facts.byteCount, dataModified: facts.modified, version: version,
            shard: job.shard.description, batch: batch, keep: job.keep, format: job.format)
    }
}

/// When to write the journal: seldom enough to cost nothing, often enough to lose little.
struct JournalSchedule: Sendable {
    let interval: Duration
    private var last: ContinuousClock.Instant?

    init(every interval: Duration) { self.interval = interval }

    /// Whether to write it now: the first time at once, then each time the interval has passed.
    mutating func isDue(at now: ContinuousClock.Instant) -> Bool {
        if let last, now - last < interval { return false }
        last = now
        return true
    }
}
