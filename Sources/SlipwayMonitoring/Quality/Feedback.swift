// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// What came to be known about one request after it was answered.
package struct Feedback: Sendable, Hashable, Codable {
    /// Most business numbers of one request.
    package static let maximumKPIs = 16
    /// Most bytes of a request's id, a label's text, a KPI's name.
    package static let maximumTextBytes = 256

    /// The id in the answer's `x-request-id`.
    package var requestID: String
    /// The ground truth; `nil` where only business numbers come.
    package var label: FeedbackValue?
    /// Business numbers by name: `["revenue": 12.5]`.
    package var kpis: [String: Double]
    /// When the truth was found out; `nil` for when it came here. Kept, and never judged by.
    package var at: Timestamp?
    /// Who says so: `chargebacks`.
    package var source: String?

    package init(
        requestID: String, label: FeedbackValue?, kpis: [String: Double] = [:], at: Timestamp? = nil,
        source: String? = nil
    ) {
        self.requestID = requestID
        self.label = label
        self.kpis = kpis
        self.at = at
        self.source = source
    }
}

/// A label, or one label for each row of a request.
package indirect enum FeedbackValue: Sendable, Hashable, Codable {
    case number(Double)
    case text(String)
    case bool(Bool)
    /// One for each row, in the request's order; lists within lists are refused.
    case list([FeedbackValue])
}

/// What became of one piece of feedback.
package enum FeedbackResult: Sendable, Hashable {
    /// Counted, and kept over restarts.
    case joined
    /// No prediction of this id waits here: never made here, or forgotten since.
    case unknown
    /// Unknown here, and handed over to the replica that may have made the prediction.
    case forwarded
    /// The request has this label, or these business numbers, already; the first ones stand.
    case duplicate
    /// The label window of the request is over.
    case late
    /// It cannot be a label of this request, and why; nothing of it is counted.
    case invalid(String)
    /// It could not be written down, so it is not counted: sent again, it may be.
    case unavailable(String)

    /// `joined`, `unknown`, `forwarded`, `duplicate`, `late`, `invalid`, `unavailable`.
    package var name: String {
        switch self {
        case .joined: "joined"
        case .unknown: "unknown"
        case .forwarded: "forwarded"
        case .duplicate: "duplicate"
        case .late: "late"
        case .invalid: "invalid"
        case .unavailable: "unavailable"
        }
    }
}

/// What a ``LabelJoin`` did since it was made.
package struct FeedbackCounts: Sendable, Hashable, Codable {
    /// Predictions that were to wait for labels.
    package var expected = 0
    /// Predictions without anything a label could be held against, and such without an id.
    package var unreadable = 0
    /// Rows of large requests that are not kept.
    package var rowsLeftOut = 0
    package var joined = 0
    package var unknown = 0
    package var duplicate = 0
    package var late = 0
    package var invalid = 0
    package var unavailable = 0
    /// Predictions whose label window ended without a label.
    package var expired = 0
    /// Predictions forgotten before that, because the byte budget was full.
    package var evicted = 0
    /// Predictions that could not be written down: they wait in memory alone.
    package var unwritten = 0
    /// Predictions that wait for a label now, and the bytes of all that is kept of predictions.
    package var waiting = 0
    package var bytes = 0

    package init() {}

    /// By the names above.
    package var byName: [String: Int] {
        [
            "expected": expected, "unreadable": unreadable, "rowsLeftOut": rowsLeftOut, "joined": joined,
            "unknown": unknown, "duplicate": duplicate, "late": late, "invalid": invalid,
            "unavailable": unavailable, "expired": expired, "evicted": evicted, "unwritten": unwritten,
            "waiting": waiting, "bytes": bytes,
        ]
    }

    mutating func count(_ result: FeedbackResult) {
        switch result {
        case .joined: joined += 1
        case .unknown, .forwarded: unknown += 1
        case .duplicate: duplicate += 1
        case .late: late += 1
        case .invalid: invalid += 1
        case .unavailable: unavailable += 1
        }
    }
}
