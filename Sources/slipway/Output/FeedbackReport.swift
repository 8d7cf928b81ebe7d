// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SlipwayWire

/// What became of feedback that was sent.
struct FeedbackReport: Encodable {
    /// Problems that are kept and told; the others are counted.
    private static let mostProblems = 20

    /// Items by outcome.
    private(set) var counts: [String: Int] = [:]
    private(set) var problems: [FeedbackResultDTO] = []

    mutating func add(_ results: [FeedbackResultDTO]) {
        for result in results {
            counts[result.outcome.rawValue, default: 0] += 1
            if result.message != nil, problems.count < Self.mostProblems { problems.append(result) }
        }
    }

    /// Whether all feedback was taken or need not be: what was joined before is no failure.
    private var isComplete: Bool { counts.keys.allSatisfy { ["joined", "duplicate", "forwarded"].contains($0) } }

    /// - Throws: Exit code 1 when some feedback found no request, came too late or was wrong.
    func tell(as output: GlobalOptions.Output) throws {
        if output == .json {
            try Console.json(self)
        } else {
            let outcomes = FeedbackResultDTO.Outcome.allCases.compactMap { outcome in
                counts[outcome.rawValue].map { "\($0) \(outcome.rawValue)" }
            }
            print(outcomes.isEmpty ? "no feedback" : outcomes.joined(separator: ", "))
        }
        for problem in problems {
            let name = problem.requestID.isEmpty ? "" : "\(problem.requestID.prefix(60)): "
            Console.warning(Console.plain(name + (problem.message ?? "")))
        }
        guard isComplete else { throw ExitCode(1) }
    }
}
