// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayEngine
import Synchronization

/// One call of the engine and the requests that share it.
final class EngineCall: Sendable {
    /// Rows of one request.
    struct Part: Sendable {
        let pending: PendingInference
        let rows: Range<Int>
    }

    enum Outcome: Sendable {
        /// Rows and times of a call that gave its answers.
        case answered(rows: Int, InferenceTimings)
        /// The engine failed; the request is told if it is the only one.
        case failed
        /// The answer does not follow from the rows given; the request is told if it is the only one.
        case contradicted(String)
        /// Nobody wanted the answer any more.
        case ended
    }

    private struct Member {
        let part: Part
        let request: InferenceRequest
    }

    let id: UInt64
    let parts: [Part]
    /// What a call with several callers is stopped by.
    private let stop = CancellationFlag()

    init(id: UInt64, parts: [Part]) {
        self.id = id
        self.parts = parts
    }

    /// Tells every caller that the call hangs, and asks the engine to stop.
    func giveUp(_ error: ServingError) {
        let callers = parts.compactMap(\.pending.request?.cancellation)
        for part in parts { part.pending.fail(error) }
        for caller in callers { caller.cancel() }
        stop.cancel()
    }

    /// Makes the call on the calling thread.
    ///
    /// - Returns: What came of it, and how to tell the callers: to be done when the books are in order, so that nobody
    ///   who has an answer finds its call still running.
    func run(
        on model: any TensorModel, assembly: BatchAssembly, check: AnswerCheck
    ) -> (outcome: Outcome, tell: () -> Void) {
        let startedAt = ContinuousClock.now
        let members = parts.compactMap { part in part.pending.request.map { Member(part: part, request: $0) } }
        guard let first = members.first else { return (.ended, {}) }
        do {
            let given = members.map { ($0.request.inputs, $0.part.rows) }
            // A request that runs alone and whole is passed on as it is, and so is its answer, whatever their rows.
            let isWhole = parts.count == 1 && parts[0].rows.count == parts[0].pending.rows
            let inputs = isWhole ? first.request.inputs : try assembly.assemble(given)
            let assembledAt = ContinuousClock.now
            let prediction = try predict(
                model, inputs, first.request.requestedOutputs, members.map(\.request.cancellation))
            try check.check(prediction.outputs, requested: first.request.requestedOutputs)
            let computedAt = ContinuousClock.now
            let answers =
                isWhole
                ? [prediction.outputs]
                : try assembly.split(
                    prediction.outputs, rowCounts: given.map(\.1.count), lengths: assembly.lengths(of: given))
            var timings = prediction.timings
            timings.batch = (assembledAt - startedAt) + (ContinuousClock.now - computedAt)
            let rows = members.reduce(0) { $0 + $1.part.rows.count }
            return (
                .answered(rows: rows, timings),
                { [timings] in Self.deliver(answers, to: members, timings, startedAt, rows: rows) }
            )
        } catch let error as BatchError {
            return (.contradicted(error.message), failing(ServingError.cannotAssemble(error)))
        } catch let error as EngineError where error.code == .cancelled {
            return (.ended, { for member in members { member.part.pending.fail(ServingError.cancelled) } })
        } catch {
            return (.failed, failing(error))
        }
    }

    private static func deliver(
        _ answers: [NamedTensors], to members: [Member], _ timings: InferenceTimings,
        _ startedAt: ContinuousClock.Instant, rows: Int
    ) {
        for (member, outputs) in zip(members, answers) {
            member.part.pending.deliver(
                PendingInference.Portion(
                    rows: member.part.rows, outputs: outputs, timings: timings, startedAt: startedAt,
                    batchSize: rows))
        }
    }

    /// Requests that shared the call are tried again, each alone, and told by that.
    private func failing(_ error: any Error) -> () -> Void {
        { [parts] in if parts.count == 1 { parts[0].pending.fail(error) } }
    }

    /// Stops the engine when the last of the callers has gone.
    private func predict(
        _ model: any TensorModel, _ inputs: NamedTensors, _ outputs: [String]?, _ callers: [CancellationFlag]
    ) throws(EngineError) -> Prediction {
        if callers.count == 1 { return try model.predict(inputs, requestedOutputs: outputs, cancellation: callers[0]) }
        let waiting = CallerCount(callers.count)
        let registrations = callers.map { flag in flag.add { [stop] in if waiting.leave() { stop.cancel() } } }
        defer {
            for (flag, registration) in zip(callers, registrations) {
                if let registration { flag.remove(registration) }
            }
        }
        return try model.predict(inputs, requestedOutputs: outputs, cancellation: stop)
    }
}

/// How many callers still wait for a call's answer.
private final class CallerCount: Sendable {
    private let count: Mutex<Int>

    init(_ count: Int) { self.count = Mutex(count) }

    /// `true` for the last one.
    func leave() -> Bool {
        count.withLock { count in
            count -= 1
            return count == 0
        }
    }
}

extension ServingError {
    /// Rows could not be put together, or an answer not be taken apart.
    static func cannotAssemble(_ error: BatchError) -> ServingError {
        ServingError(
            code: .wrongAnswer,
            message: "\(error.message): the model's answer does not follow the rows of its input; "
                + "switch batching off for this endpoint")
    }
}
