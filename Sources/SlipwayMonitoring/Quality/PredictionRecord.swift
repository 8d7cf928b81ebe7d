// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// One answered request, reduced to what a label is held against.
package struct PredictionRecord: Sendable, Hashable {
    /// Most rows of one request that are kept, from its first on.
    package static let maximumRows = 4096
    /// Most bytes of a class's or a segment's name; longer ones are cut.
    package static let maximumNameBytes = 64

    package var requestID: String
    package var version: VersionID
    package var at: Timestamp
    /// Rows the request had; the answers may be of fewer.
    package var rows: Int
    package var answers: Answers
    /// Empty without a segment; else one for each row kept, or one for all.
    package var segments: [String]
    /// Whether the answer was thrown away: it has labels like others, and no part in business.
    package var isShadow = false

    /// What the model said of each row kept.
    package enum Answers: Sendable, Hashable {
        /// Scores of `classes` classes for each row, row by row; each row sums to 1.
        case scores([Float], classes: Int)
        /// The class named, and how sure the model was of it (empty where it did not say).
        case names([String], confidences: [Float])
        case numbers([Double])
    }

    package init(
        requestID: String, version: VersionID, at: Timestamp, rows: Int, answers: Answers, segments: [String] = []
    ) {
        self.requestID = requestID
        self.version = version
        self.at = at
        self.rows = rows
        self.answers = answers
        self.segments = segments
    }

    /// Rows that answers are kept of.
    package var keptRows: Int {
        switch answers {
        case .scores(let values, let classes): classes > 0 ? values.count / classes : 0
        case .names(let names, _): names.count
        case .numbers(let values): values.count
        }
    }

    /// The segment of one row; `nil` without one.
    package func segment(of row: Int) -> String? {
        if segments.count == 1 { return segments[0] }
        return segments.indices.contains(row) ? segments[row] : nil
    }
}

/// Feedback that was joined, with what it was joined to: whole in itself, whatever becomes of the prediction.
package struct JoinRecord: Sendable, Hashable {
    package var requestID: String
    package var version: VersionID
    /// When the feedback came here.
    package var at: Timestamp
    package var predictedAt: Timestamp
    /// When the truth was found out, and who says so.
    package var foundAt: Timestamp?
    package var source: String?
    /// The classes in the order of the scores; empty without scores.
    package var classes: [String]
    /// Empty where only business numbers came.
    package var outcomes: [Outcome]
    package var kpis: [String: Double]

    /// A row with its truth.
    package struct Outcome: Sendable, Hashable {
        package var segment: String?
        package var value: Value

        package enum Value: Sendable, Hashable {
            /// - Parameters:
            ///   - confidence: Of the class predicted; `nil` where the model did not say.
            ///   - scores: One for each of the record's classes, or none.
            case classified(predicted: String, actual: String, confidence: Float?, scores: [Float])
            case measured(predicted: Double, actual: Double)
        }

        package init(segment: String?, value: Value) {
            self.segment = segment
            self.value = value
        }
    }

    package init(requestID: String, version: VersionID, at: Timestamp, predictedAt: Timestamp) {
        self.requestID = requestID
        self.version = version
        self.at = at
        self.predictedAt = predictedAt
        classes = []
        outcomes = []
        kpis = [:]
    }
}
