// SPDX-License-Identifier: Apache-2.0

/// Decides when a batch is sent, sent again, or given up.
///
/// One batch waits at a time, so that memory stays bounded whatever the collector does; what comes meanwhile waits in
/// its queue, or is dropped and counted there.
package struct ExportPlan: Sendable {
    package enum Outcome: Sendable, Equatable {
        case sent
        /// The collector cannot be reached, or says that it may work later.
        case tryAgain
        /// The collector will never take it.
        case refused
    }

    package enum Action: Sendable, Equatable {
        case send([UInt8])
        /// Take new things from the queue, and ask again.
        case fill
        case wait
    }

    package static let maximumAttempts = 5

    private var batch: [UInt8]?
    private var attempts = 0
    private var notBefore: ContinuousClock.Instant?

    package init() {}

    package func next(at now: ContinuousClock.Instant) -> Action {
        if let notBefore, now < notBefore { return .wait }
        return batch.map { .send($0) } ?? .fill
    }

    package mutating func filled(with batch: [UInt8]) { self.batch = batch }

    /// - Returns: Whether the batch is gone, one way or the other.
    @discardableResult
    package mutating func ended(_ outcome: Outcome, at now: ContinuousClock.Instant) -> Bool {
        attempts += 1
        guard outcome == .tryAgain else {
            self = ExportPlan()
            return true
        }
        // 1, 2, 4, 8 seconds, and 16 after the last attempt, before another batch is tried.
        let pause = Duration.seconds(1 << (attempts - 1))
        guard attempts < Self.maximumAttempts else {
            self = ExportPlan()
            notBefore = now + pause
            return true
        }
        notBefore = now + pause
        return false
    }

    /// What a reply's status means (OTLP/HTTP: 429, 502, 503 and 504 may be tried again).
    package static func outcome(ofStatus status: Int) -> Outcome {
        switch status {
        case 200..<300: .sent
        case 429, 502, 503, 504: .tryAgain
        default: .refused
        }
    }
}
