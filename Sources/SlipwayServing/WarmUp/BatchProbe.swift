// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
package import SlipwayEngine

/// Finds out before any traffic whether a model's rows may share a call, and what calls of each size cost.
///
/// Two rows are run alone and then together, each must come out as it did alone. Then sizes 1, 2, 4 ... are timed.
/// The caller runs each ``nextTrial()`` with all outputs and tells ``record(outputs:duration:)`` what came of it, until
/// there is none left. Optional inputs are left out of all trials.
package struct BatchProbe: Sendable {
    enum Step {
        case firstAlone, secondAlone, pair, shortAlone, padded
        /// The first run of a size, and the second with what the first took.
        case size(Int, first: Duration?)
        case done
    }

    /// How inputs are made up; the next way when the model refuses one.
    struct Attempt: Hashable {
        let isRandom: Bool
        /// Of variable dimensions but the first.
        let extent: Int
    }

    /// No larger size is tried, whatever the limit: inputs without elements cost nothing at any size.
    package static let largestSize = 1 << 16

    package private(set) var verdict: BatchVerdict
    /// The faster of two runs for each size tried, ascending; of a model that is not batched, one row at most.
    package private(set) var measurements: [(rows: Int, seconds: Double)] = []
    /// What limits the verdict, as sentences for status.
    package private(set) var notes: [String] = []
    /// Why requests must not be padded although the signature allows it; `nil` when padding was tried and found right,
    /// or when there is no rule.
    package private(set) var paddingRefusal: String?

    private let signature: ModelSignature
    private let limit: Int
    private let budget: Duration
    private let padding: PaddingRule?
    private let attempts: [Attempt]
    private var attemptIndex = 0
    private var step: Step
    private var spent = Duration.zero
    private var singleRow = Duration.zero
    private var alone: [NamedTensors] = []
    private var best = (rate: 0.0, misses: 0)

    /// - Parameters:
    ///   - limit: The most rows of one call, of the engine and the endpoint; no larger size is tried.
    ///   - budget: What all trials together should take at most. The few that decide the verdict are run even so,
    ///     unless a single row takes longer than all of it.
    ///   - padding: Tried too when given: a shorter row is padded and must come out as it did alone.
    package init(signature: ModelSignature, limit: Int, budget: Duration, padding: PaddingRule? = nil) {
        self.signature = signature
        self.limit = min(limit, Self.largestSize)
        self.budget = budget
        self.padding = padding
        let hasExtents = signature.inputs.contains { spec in
            !spec.isOptional && (spec.shape ?? []).dropFirst().contains { if case .fixed = $0 { false } else { true } }
        }
        // 64 is a usual length of texts and suits convolutions that shrink their input; 8 suits small windows; 1 is
        // what remains.
        let extents = hasExtents ? [64, 8, 1] : [1]
        attempts =
            extents.map { Attempt(isRandom: true, extent: $0) } + extents.map { Attempt(isRandom: false, extent: $0) }
        let rules = BatchRules(signature: signature, padding: nil, maximumBatchSize: limit)
        verdict = .alone(reason: rules.refusal ?? "it has not been tried yet")
        step = rules.refusal == nil ? .firstAlone : .done
        if padding != nil { paddingRefusal = "padding has not been tried" }
    }

    package var isFinished: Bool { if case .done = step { true } else { false } }

    /// The inputs of the next call; the same again until its result is recorded, `nil` when nothing is left to try.
    package mutating func nextTrial() -> NamedTensors? {
        while !isFinished {
            if let inputs = inputs(for: step) { return inputs }
            refuse("its inputs are too large to make up")
        }
        return nil
    }

    /// Takes what came of the trial that ``nextTrial()`` gave, run with all outputs.
    package mutating func record(outputs: Result<NamedTensors, EngineError>, duration: Duration) {
        spent += duration
        switch outputs {
        case .failure(let error): refuse(error.message)
        case .success(let outputs): judge(outputs, duration)
        }
    }

    private mutating func judge(_ outputs: NamedTensors, _ duration: Duration) {
        switch step {
        case .firstAlone, .shortAlone, .secondAlone: judgeAlone(outputs, duration)
        case .pair: judgePair(outputs)
        case .padded: judgePadded(outputs)
        case .size(let rows, let first): judgeSize(rows, outputs, first: first, duration)
        case .done: break
        }
    }

    private mutating func judgeAlone(_ outputs: NamedTensors, _ duration: Duration) {
        guard !outputs.isEmpty else { return finish(alone: "the model gives no outputs") }
        if let reason = BatchJudgement.wrongRows(outputs, expected: 1) { return finish(alone: reason) }
        alone.append(outputs)
        singleRow = alone.count == 1 ? duration : min(singleRow, duration)
        switch step {
        case .firstAlone:
            step = .secondAlone
        case .secondAlone where singleRow > budget:
            finish(alone: "one row takes \(singleRow), longer than the \(budget) that may be spent on trying batches")
        case .secondAlone:
            step = .pair
        default:
            step = .padded
        }
    }

    private mutating func judgePair(_ outputs: NamedTensors) {
        let judgement = BatchJudgement(outputs, alone: Array(alone.prefix(2)))
        if let reason = judgement.reason { return finish(alone: reason) }
        verdict = .batches(exact: judgement.isExact)
        if !attempt.isRandom {
            notes.append(
                "batching was tried on zeros only, for the model refuses random inputs; rows that change one another "
                    + "might have gone unnoticed")
        }
        guard let padding else { return step = .size(1, first: nil) }
        guard attempt.isRandom, attempt.extent > 1, padding.length(of: inputs(for: .firstAlone) ?? [:]) != nil else {
            paddingRefusal = "padding could not be tried on made-up inputs"
            return step = .size(1, first: nil)
        }
        step = .shortAlone
    }

    private mutating func judgePadded(_ outputs: NamedTensors) {
        let judgement = BatchJudgement(
            outputs, alone: [alone[2], alone[0]], padding: padding, lengths: [shortLength, attempt.extent])
        paddingRefusal = judgement.reason.map { "a padded row is answered differently: \($0)" }
        step = .size(1, first: nil)
    }

    private mutating func judgeSize(_ rows: Int, _ outputs: NamedTensors, first: Duration?, _ duration: Duration) {
        if let reason = BatchJudgement.wrongRows(outputs, expected: rows) { return finish(alone: reason) }
        guard let first else { return step = .size(rows, first: duration) }
        let seconds = max(min(first, duration).seconds, 1e-9)
        measurements.append((rows, seconds))
        let rate = Double(rows) / seconds
        // One size without a gain may be chance or a step of the engine's inner tiling; two are not. Less than 2 % is
        // within what two runs of the same size differ by.
        best.misses = rate > best.rate * 1.02 ? 0 : best.misses + 1
        best.rate = max(best.rate, rate)
        let next = min(rows * 2, limit)
        let expected = Duration.seconds(seconds * Double(next) / Double(rows) * 2)
        step = next == rows || best.misses == 2 || spent + expected > budget ? .done : .size(next, first: nil)
    }
}

extension BatchProbe {
    private var attempt: Attempt { attempts[min(attemptIndex, attempts.count - 1)] }
    private var shortLength: Int { (attempt.extent + 1) / 2 }

    /// The model, or the maker of inputs, refuses the present trial.
    private mutating func refuse(_ reason: String) {
        switch step {
        case .firstAlone, .secondAlone:
            attemptIndex += 1
            alone = []
            step = .firstAlone
            if attemptIndex == attempts.count {
                finish(alone: "the model refuses made-up inputs: \(reason)")
            }
        case .pair:
            finish(alone: "the model refuses 2 rows at once: \(reason)")
        case .shortAlone, .padded:
            paddingRefusal = "the model refuses a padded row: \(reason)"
            step = .size(1, first: nil)
        case .size(let rows, _):
            if measurements.isEmpty {
                finish(alone: "the model refuses \(BatchError.rows(rows)) at once: \(reason)")
            } else {
                notes.append("sizes from \(BatchError.rows(rows)) on were not tried: \(reason)")
                step = .done
            }
        case .done:
            break
        }
    }

    private mutating func finish(alone reason: String) {
        verdict = .alone(reason: reason)
        measurements = singleRow > .zero ? [(1, singleRow.seconds)] : []
        notes = []
        step = .done
    }

    private func inputs(for step: Step) -> NamedTensors? {
        switch step {
        case .firstAlone: return made(seed: 1)
        case .secondAlone: return second()
        case .pair:
            guard let first = made(seed: 1), let second = second() else { return nil }
            return try? BatchAssembly().assemble([(first, 0..<1), (second, 0..<1)])
        case .shortAlone: return short()
        case .padded:
            guard let short = short(), let first = made(seed: 1) else { return nil }
            return try? BatchAssembly(padding: padding).assemble([(short, 0..<1), (first, 0..<1)])
        case .size(let rows, _): return made(seed: 1, rows: rows)
        case .done: return nil
        }
    }

    private func made(seed: UInt64, rows: Int = 1, symbolExtents: [String: Int] = [:]) -> NamedTensors? {
        WarmUpInputs(
            attempt.isRandom ? .random(seed: seed) : .zeros, rows: rows, extent: attempt.extent,
            symbolExtents: symbolExtents
        ).tensors(for: signature)
    }

    /// A row that differs from the first where that is possible: few small integers are soon alike.
    private func second() -> NamedTensors? {
        guard let first = made(seed: 1) else { return nil }
        let candidates = (2...9).lazy.compactMap { self.made(seed: $0) }
        return candidates.first { !$0.isIdentical(to: first) } ?? made(seed: 2)
    }

    private func short() -> NamedTensors? {
        padding.flatMap { made(seed: 10, symbolExtents: [$0.symbol: shortLength]) }
    }
}

extension Duration {
    fileprivate var seconds: Double { self / .seconds(1) }
}
