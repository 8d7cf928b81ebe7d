// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
package import SlipwayMonitoring
package import SlipwayRegistry
import Synchronization

/// A label journal in a folder of its own: segments of predictions and segments of feedback, append-only.
///
/// Every record has a checksum and a number that counts over both kinds; a torn tail is cut off at opening, and of a
/// segment damaged further inside the rest is left out and counted. Predictions are given to the operating system and
/// not waited for: they survive the process, not the loss of power. Feedback is on the disk when
/// ``append(_:)`` returns. Segments go, oldest first, when they are no longer needed or the bytes are too many.
package final class FileLabelJournal: LabelJournal {
    /// Folders of one endpoint, for replicas that share a home: each takes the first that nobody holds.
    private static let maximumSlots = 64

    private let state: Mutex<State>
    private let lock: FileLock
    package let name: String?

    private struct State {
        let predictions: JournalStream
        let feedback: JournalStream
        var sequence: UInt64
        /// What is being written, kept for their memory.
        private var drafts = (predictions: JournalStream.Draft(), feedback: JournalStream.Draft())

        init(predictions: JournalStream, feedback: JournalStream, sequence: UInt64) {
            (self.predictions, self.feedback, self.sequence) = (predictions, feedback, sequence)
        }

        mutating func append(_ draft: JournalDraft) throws {
            defer {
                drafts.predictions.removeAll()
                drafts.feedback.removeAll()
            }
            var sequence = sequence
            for item in draft.items {
                try draft.withBytes(of: item) { payload in
                    guard payload.count <= JournalCodec.maximumBytes else {
                        throw RegistryError(.invalid, "a record has \(payload.count) bytes: send fewer rows at once")
                    }
                    // Of a step of the clock both kinds must know: times of their segments move.
                    if item.kind != .feedback { drafts.predictions.add(payload, sequence: sequence, item: item) }
                    if item.kind != .prediction { drafts.feedback.add(payload, sequence: sequence, item: item) }
                }
                sequence += 1
            }
            // Numbers are used once, even where writing fails: what is left of it could otherwise pass for the next.
            self.sequence = sequence
            if !drafts.predictions.isEmpty { try predictions.append(drafts.predictions) }
            if !drafts.feedback.isEmpty { try feedback.append(drafts.feedback) }
        }
    }

    /// Opens the journal in `folder`, which is made when it is missing. Blocks; reads all of it.
    ///
    /// - Parameters:
    ///   - maximumBytes: Of all segments; predictions and feedback have half each.
    ///   - writer: How bytes are written.
    /// - Throws: ``RegistryError`` `storeUnavailable` when another process has it open, `storeFull`.
    package init(folder: String, maximumBytes: Int = 128 << 20, writer: FileWriter = .system) throws {
        try PosixFolder.make(folder)
        guard let lock = try FileLock.attempt(folder + "/.lock", isExclusive: true) else {
            throw RegistryError(
                .storeUnavailable, "another process writes these labels: stop it, or give each its own folder",
                location: folder)
        }
        let half = max(maximumBytes / 2, 64 << 10)
        let predictions = JournalStream(
            folder: folder, kind: .predictions, limits: .init(maximumBytes: half), writer: writer)
        let feedback = JournalStream(folder: folder, kind: .feedback, limits: .init(maximumBytes: half), writer: writer)
        let newest = max(try predictions.open(), try feedback.open())
        state = Mutex(State(predictions: predictions, feedback: feedback, sequence: newest + 1))
        self.lock = lock
        name = folder.split(separator: "/").last.map(String.init)
    }

    /// Opens the first folder `0`, `1` ... under `root` that no other process holds.
    package static func open(
        under root: String, maximumBytes: Int = 128 << 20, writer: FileWriter = .system
    ) throws -> FileLabelJournal {
        for slot in 0..<maximumSlots {
            do {
                return try FileLabelJournal(folder: "\(root)/\(slot)", maximumBytes: maximumBytes, writer: writer)
            } catch let error as RegistryError where error.code == .storeUnavailable && slot < maximumSlots - 1 {
                continue
            }
        }
        throw RegistryError(
            .storeUnavailable, "\(maximumSlots) processes write labels here already: stop some of them",
            location: root)
    }

    package var horizon: JournalHorizon {
        state.withLock { JournalHorizon(predictions: $0.predictions.horizon, feedback: $0.feedback.horizon) }
    }

    /// Bytes of all segments, and records that could not be read when it was opened.
    package var statistics: (bytes: Int, damaged: Int) {
        state.withLock {
            ($0.predictions.bytes + $0.feedback.bytes, $0.predictions.damaged + $0.feedback.damaged)
        }
    }

    package func append(_ draft: JournalDraft) throws {
        guard !draft.isEmpty else { return }
        try state.withLock { try $0.append(draft) }
    }

    package func replay(since: Timestamp, _ body: (JournalRecord) -> Void) throws {
        try state.withLock { state in
            var predictions = state.predictions.cursor(since: since)
            var feedback = state.feedback.cursor(since: since)
            var one = try predictions.next()
            var other = try feedback.next()
            while let next = Self.earlier(one, other) {
                // A step of the clock is in both.
                if one?.sequence == next.sequence { one = try predictions.next() }
                if other?.sequence == next.sequence { other = try feedback.next() }
                body(next.record)
            }
        }
    }

    /// Reads the labels of a journal that another process may be writing: those that are whole by now, in their order.
    ///
    /// Nothing is locked, cut or removed.
    package static func readFeedback(in folder: String, _ body: (JoinRecord) -> Void) throws {
        let stream = JournalStream(
            folder: folder, kind: .feedback, limits: .init(maximumBytes: 0), writer: .system)
        var cursor = try stream.cursorOfAll()
        while let numbered = try cursor.next() {
            if case .feedback(let join) = numbered.record { body(join) }
        }
    }

    private static func earlier(
        _ one: JournalStream.Numbered?, _ other: JournalStream.Numbered?
    ) -> JournalStream.Numbered? {
        guard let one else { return other }
        guard let other else { return one }
        return one.sequence <= other.sequence ? one : other
    }

    package func drop(before horizon: JournalHorizon) throws {
        try state.withLock { state in
            try state.predictions.drop(before: horizon.predictions)
            try state.feedback.drop(before: horizon.feedback)
        }
    }
}
