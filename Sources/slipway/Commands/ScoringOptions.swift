// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SlipwayControl

/// What `predict` takes for scoring a data set row by row.
struct ScoringOptions: ParsableArguments {
    enum OnError: String, ExpressibleByArgument, CaseIterable { case stop, skip }

    @Option(help: ArgumentHelp("Write results there: .csv or .jsonl (default: JSON lines, shown).", valueName: "file"))
    var out: String?

    @Option(
        help: ArgumentHelp(
            "Score one of several equal parts, 1/16 to 16/16, each by a process of its own.", valueName: "i/n"))
    var shard: String?

    @Option(help: ArgumentHelp("Rows of one call, 1 to 1024 (default 256, or what the model takes).", valueName: "n"))
    var batch: Int?

    @Option(help: ArgumentHelp("Columns of the data to write beside the results.", valueName: "column,..."))
    var keep: String?

    @Option(help: "At a row that cannot be scored: stop, or skip it and note it in FILE.errors.jsonl.")
    var onError = OnError.stop

    @Flag(help: "Begin anew where work was left unfinished, or results are there already.")
    var restart = false

    var areGiven: Bool {
        out != nil || shard != nil || batch != nil || keep != nil || onError != .stop || restart
    }

    func validate() throws {
        if let shard { try Self.usage { _ = try Shard(parsing: shard) } }
        if let batch, !(1...Shard.blockRows).contains(batch) {
            throw ValidationError("expected --batch from 1 to \(Shard.blockRows), got \(batch)")
        }
        if let out, ScoreFormat(path: out) == nil {
            throw ValidationError("--out expected a name that ends in .csv or .jsonl, got '\(out)'")
        }
    }

    private static func usage(_ body: () throws -> Void) throws {
        do { try body() } catch { throw ValidationError("\(error)") }
    }

    func job(for data: String) throws -> OfflineScoring.Job {
        var job = OfflineScoring.Job(data: data)
        job.output = out
        job.format = out.flatMap { ScoreFormat(path: $0) } ?? .jsonLines
        job.shard = try shard.map { try Shard(parsing: $0) } ?? .whole
        job.batch = batch
        job.keep = keep?.split(separator: ",").map(String.init) ?? []
        job.skipsFailures = onError == .skip
        job.restarts = restart
        return job
    }
}
