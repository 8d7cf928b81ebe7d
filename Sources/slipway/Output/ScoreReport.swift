// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc
import SlipwayControl
import SlipwayCore

/// What scoring a data set came to, for people and programs.
struct ScoreReport {
    struct Outcome: Sendable {
        let report: OfflineScoring.Report
        /// What ended the work early.
        let signal: Int32?
        let duration: Duration
    }

    /// The JSON form.
    private struct Summary: Encodable {
        let rows: Int
        let skipped: Int
        let resumedFrom: Int
        let isComplete: Bool
        let out: String
        let errors: String?
    }

    private let outcome: Outcome
    private let job: OfflineScoring.Job

    init(_ outcome: Outcome, _ job: OfflineScoring.Job) {
        self.outcome = outcome
        self.job = job
    }

    /// Tells it, and ends the command with 128 plus the signal where one stopped the work.
    func tell(as form: GlobalOptions.Output) throws {
        let report = outcome.report
        if let out = job.output, form == .json {
            try Console.json(
                Summary(
                    rows: report.rows, skipped: report.skipped, resumedFrom: report.resumedFrom,
                    isComplete: report.isComplete, out: out,
                    errors: report.skipped > 0 ? out + ".errors.jsonl" : nil))
        } else {
            Console.note(text)
        }
        guard report.isComplete else { throw ExitCode(128 + (outcome.signal ?? SIGINT)) }
    }

    private var text: String {
        let report = outcome.report
        let done = report.rows + report.skipped - report.resumedFrom
        let seconds =
            Double(outcome.duration.components.seconds) + Double(outcome.duration.components.attoseconds) * 1e-18
        let rate = seconds > 0 ? ", \(Int(Double(done) / seconds)) rows/s" : ""
        var text = "\(report.rows) rows scored"
        if report.resumedFrom > 0 { text += ", \(report.resumedFrom) of them done before" }
        if report.skipped > 0 {
            text += ", \(report.skipped) skipped" + (job.output.map { " (see \($0).errors.jsonl)" } ?? "")
        }
        text += rate
        if let out = job.output, report.isComplete { text += ", written to \(out)" }
        guard !report.isComplete else { return text }
        return text + "\nstopped before the end"
            + (job.output == nil ? "" : ": run the same command again to go on")
    }
}
