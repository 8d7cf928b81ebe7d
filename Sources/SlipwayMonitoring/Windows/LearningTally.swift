// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// What is told of a version before it has a profile: answers that are no numbers need no reference.
struct LearningTally: Sendable {
    /// Rows that count about: older ones fade.
    private static let span = 2000.0
    private static let maximumExamples = 5

    private struct Output: Sendable {
        var rows = 0.0
        var bad = 0.0
    }

    private var outputs: [String: Output] = [:]
    private var examples: [String] = []

    mutating func add(_ prediction: PredictionObservation) {
        for element in prediction.outputs {
            guard prediction.rows > 0, let reader = ElementReader(element.tensor), reader.count >= prediction.rows
            else { continue }
            let width = reader.count / prediction.rows
            var bad = 0.0
            for row in 0..<prediction.rows {
                for column in 0..<width where !reader[row * width + column].isFinite {
                    bad += 1
                    break
                }
            }
            note(bad, of: Double(prediction.rows), element.name, prediction.requestID)
        }
    }

    private mutating func note(_ bad: Double, of rows: Double, _ name: String, _ requestID: String?) {
        var output = outputs[name] ?? Output()
        output.rows += rows
        output.bad += bad
        if output.rows > Self.span {
            output.bad *= Self.span / output.rows
            output.rows = Self.span
        }
        outputs[name] = output
        guard bad > 0, let requestID else { return }
        if examples.count == Self.maximumExamples { examples.removeFirst() }
        examples.append(requestID)
    }

    var readings: [MonitorReading] {
        outputs.sorted { $0.key < $1.key }.map { name, output in
            let share = output.rows > 0 ? output.bad / output.rows : 0
            let explanation = output.bad > 0 ? "\(name): \(Int(output.bad.rounded())) rows are NaN or infinite" : nil
            return (
                .notANumberRate, name,
                SignalReading(
                    value: share, samples: Int(output.rows),
                    margin: output.rows > 0 ? 1.96 * (share * (1 - share) / output.rows).squareRoot() : nil,
                    method: "NaN and infinities among the last rows, before there is a profile",
                    explanation: explanation, examples: output.bad > 0 ? examples : [])
            )
        }
    }
}
