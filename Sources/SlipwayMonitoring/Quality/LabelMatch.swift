// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// Holds a label against a prediction.
enum LabelMatch {
    /// Rows with their truths, or why the label cannot be one of this prediction; the words hold no data of requests.
    enum Outcome {
        case rows([JoinRecord.Outcome])
        case invalid(String)
    }

    /// - Parameter classes: In the order of the scores; empty without scores.
    static func match(_ label: FeedbackValue, to prediction: PredictionRecord, classes: [String]) -> Outcome {
        let labels: [FeedbackValue]
        if case .list(let list) = label { labels = list } else { labels = [label] }
        guard labels.count == prediction.rows else {
            return .invalid(
                "the request had \(prediction.rows) rows, got \(labels.count) labels: send one for each row, in order")
        }
        var rows: [JoinRecord.Outcome] = []
        rows.reserveCapacity(prediction.keptRows)
        for row in 0..<min(labels.count, prediction.keptRows) {
            switch value(labels[row], of: row, in: prediction, classes: classes) {
            case .success(let value): rows.append(.init(segment: prediction.segment(of: row), value: value))
            case .failure(let problem):
                return .invalid(labels.count == 1 ? problem.text : "label \(row): \(problem.text)")
            }
        }
        return .rows(rows)
    }

    private struct Problem: Error {
        let text: String
    }

    private static func value(
        _ label: FeedbackValue, of row: Int, in prediction: PredictionRecord, classes: [String]
    ) -> Result<JoinRecord.Outcome.Value, Problem> {
        switch prediction.answers {
        case .numbers(let numbers):
            guard case .number(let actual) = label else {
                return .failure(Problem(text: "the prediction is a number: send a number, got \(kind(label))"))
            }
            guard actual.isFinite else {
                return .failure(Problem(text: "it is NaN or infinite: send a finite number, or nothing"))
            }
            return .success(.measured(predicted: numbers[row], actual: actual))
        case .scores(let values, let count):
            let scores = Array(values[(row * count)..<((row + 1) * count)])
            let best = AnswerReader.best(scores[...])
            return className(label, known: classes).map {
                .classified(predicted: classes[best.index], actual: $0, confidence: best.score, scores: scores)
            }
        case .names(let names, let confidences):
            return className(label, known: classes.isEmpty ? hint(names[row]) : classes, isClosed: !classes.isEmpty)
                .map {
                    .classified(
                        predicted: names[row], actual: $0,
                        confidence: confidences.indices.contains(row) ? confidences[row] : nil, scores: [])
                }
        }
    }

    /// What a class predicted tells of how truths are spelt.
    private static func hint(_ name: String) -> [String] {
        name == "true" || name == "false" ? ["false", "true"] : []
    }

    /// - Parameter isClosed: Whether there are no classes but the known ones.
    private static func className(
        _ label: FeedbackValue, known: [String], isClosed: Bool = true
    ) -> Result<String, Problem> {
        let candidates: [String]
        switch label {
        case .number(let value):
            guard value.isFinite else {
                return .failure(Problem(text: "it is NaN or infinite: send the class's name or number, or nothing"))
            }
            candidates = [ClassName.of(value)]
        case .text(let text):
            candidates = [String(decoding: text.utf8.prefix(PredictionRecord.maximumNameBytes), as: UTF8.self)]
        case .bool(let value):
            candidates = value ? ["true", "1"] : ["false", "0"]
        case .list:
            return .failure(Problem(text: "it is a list within a list: send one label for each row"))
        }
        if let match = candidates.first(where: known.contains) { return .success(match) }
        guard !isClosed else {
            let shown = known.prefix(20).joined(separator: ", ")
            return .failure(
                Problem(text: "it is no class of the version: send one of [\(shown)\(known.count > 20 ? ", ..." : "")]")
            )
        }
        // A bool where classes are not true and false is 1 or 0.
        return .success(known.isEmpty ? candidates[candidates.count - 1] : candidates[0])
    }

    private static func kind(_ label: FeedbackValue) -> String {
        switch label {
        case .number: "a number"
        case .text: "a text"
        case .bool: "true or false"
        case .list: "a list"
        }
    }
}
