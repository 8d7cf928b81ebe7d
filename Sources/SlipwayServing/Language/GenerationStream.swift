// SPDX-License-Identifier: Apache-2.0

/// What comes of one ``GenerationRequest``, as it comes.
///
/// Letting go of it cancels what is not done.
package struct GenerationStream: AsyncSequence, Sendable {
    package typealias Element = GenerationEvent

    private let events: AsyncThrowingStream<GenerationEvent, any Error>
    let log: GenerationLog
    private let stopChoice: @Sendable (Int) -> Void

    /// - Parameter stop: Ends one choice, which then hears ``GenerationEvent/EndReason/stopped``.
    init(
        _ events: AsyncThrowingStream<GenerationEvent, any Error>, log: GenerationLog,
        stop: @escaping @Sendable (Int) -> Void
    ) {
        self.events = events
        self.log = log
        stopChoice = stop
    }

    /// Ends one choice early: a stop text was found. Its tokens up to now stay shared with later requests.
    package func stop(choice: Int) { stopChoice(choice) }

    package func makeAsyncIterator() -> AsyncThrowingStream<GenerationEvent, any Error>.AsyncIterator {
        events.makeAsyncIterator()
    }
}
