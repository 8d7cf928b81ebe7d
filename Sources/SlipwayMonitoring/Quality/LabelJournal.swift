// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
import Synchronization

/// Where predictions that wait for labels, and labels that came, are written down.
///
/// What a ``LabelJoin`` knows is the fold of its journal: that is how labels count exactly once over restarts. One
/// join uses one journal, under its own lock: calls never overlap. All may block.
package protocol LabelJournal: Sendable {
    /// Adds a draft's records at the end, in order: all of them or, when it throws, none.
    ///
    /// When it returns, ``JournalRecord/feedback(_:)`` survives the loss of power, ``JournalRecord/prediction(_:)``
    /// the death of the process.
    func append(_ draft: JournalDraft) throws
    /// All records kept that are not older than `since`, in the order in which they were appended.
    func replay(since: Timestamp, _ body: (JournalRecord) -> Void) throws
    /// Predictions and feedback older than this may be forgotten.
    func drop(before horizon: JournalHorizon) throws
    /// Since when everything is kept; moves when a bound on bytes is reached.
    var horizon: JournalHorizon { get }
    /// The same for every process that goes on with it; `nil` for one that ends with its process.
    var name: String? { get }
}

extension LabelJournal {
    package var name: String? { nil }
}

/// Since when a journal is complete.
package struct JournalHorizon: Sendable, Hashable {
    package var predictions: Timestamp
    package var feedback: Timestamp

    package init(predictions: Timestamp, feedback: Timestamp) {
        self.predictions = predictions
        self.feedback = feedback
    }

    /// Before all times.
    package static let none = JournalHorizon(
        predictions: Timestamp(milliseconds: .min), feedback: Timestamp(milliseconds: .min))
}

/// What a record is of.
package enum JournalKind: Sendable {
    case prediction, feedback, clockStep
}

/// One step of a ``LabelJoin``.
package enum JournalRecord: Sendable, Hashable {
    case prediction(PredictionRecord)
    case feedback(JoinRecord)
    /// The wall clock went back by so many milliseconds: times before are moved along.
    case clockStep(at: Timestamp, by: Int64)

    package var kind: JournalKind {
        switch self {
        case .prediction: .prediction
        case .feedback: .feedback
        case .clockStep: .clockStep
        }
    }

    /// When it happened, by the clock that only moves forward but for ``clockStep(at:by:)``.
    package var at: Timestamp {
        switch self {
        case .prediction(let record): record.at
        case .feedback(let record): record.at
        case .clockStep(let at, _): at
        }
    }
}

/// A journal in memory: for homes that cannot be written, and for tests. Bounded by number of records; 0 keeps none.
package final class MemoryLabelJournal: LabelJournal {
    private let state: Mutex<State>
    private let maximumCount: Int

    private struct State {
        var records: [JournalRecord] = []
        var horizon = JournalHorizon.none
    }

    package init(maximumCount: Int = 0) {
        self.maximumCount = maximumCount
        state = Mutex(State())
    }

    package var records: [JournalRecord] { state.withLock { $0.records } }
    package var horizon: JournalHorizon { state.withLock { $0.horizon } }

    package func append(_ draft: JournalDraft) {
        guard maximumCount > 0 else { return }
        state.withLock { state in
            state.records.append(contentsOf: draft.records)
            let excess = state.records.count - maximumCount
            guard excess > 0 else { return }
            // A half more, so that the array moves seldom.
            let dropped = min(state.records.count, excess + maximumCount / 2)
            let since = state.records[dropped - 1].at
            state.records.removeFirst(dropped)
            state.horizon = JournalHorizon(predictions: since, feedback: since)
        }
    }

    package func replay(since: Timestamp, _ body: (JournalRecord) -> Void) {
        for record in records where record.at >= since { body(record) }
    }

    package func drop(before horizon: JournalHorizon) {
        state.withLock { state in
            state.records.removeAll { record in
                switch record {
                case .prediction: record.at < horizon.predictions
                case .feedback: record.at < horizon.feedback
                case .clockStep: record.at < min(horizon.predictions, horizon.feedback)
                }
            }
        }
    }
}
