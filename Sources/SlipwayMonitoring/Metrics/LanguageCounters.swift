// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// Adds up what one version of an endpoint generated.
struct LanguageCounters: Sendable {
    struct Ending: Hashable, Sendable {
        /// `success`, or the category of the failure.
        let outcome: String
        /// Empty where it failed.
        let finishReason: String
    }

    /// Told one by one; whatever else a model's adapter may say counts as `other`.
    static let finishReasons: Set<String> = ["stop", "length", "tool_calls"]

    private(set) var endings: [Ending: UInt64] = [:]
    private(set) var cancelled: [GenerationObservation.Phase: UInt64] = [:]
    private(set) var promptTokens: UInt64 = 0
    private(set) var cachedTokens: UInt64 = 0
    private(set) var outputTokens: UInt64 = 0
    private(set) var draftedTokens: UInt64 = 0
    private(set) var acceptedTokens: UInt64 = 0

    private(set) var timeToFirstToken = BucketCounts(durations: MetricCatalogue.languageBounds)
    private(set) var queue = BucketCounts(durations: MetricCatalogue.languageBounds)
    private(set) var prefill = BucketCounts(durations: MetricCatalogue.languageBounds)
    private(set) var decode = BucketCounts(durations: MetricCatalogue.languageBounds)
    private(set) var duration = BucketCounts(durations: MetricCatalogue.languageBounds)
    private(set) var interToken = BucketCounts(durations: MetricCatalogue.stepBounds)
    private(set) var perOutputToken = BucketCounts(durations: MetricCatalogue.stepBounds)
    private(set) var requestPrompt = BucketCounts(numbers: MetricCatalogue.tokenBounds)
    private(set) var requestOutput = BucketCounts(numbers: MetricCatalogue.tokenBounds)
    private(set) var step = BucketCounts(durations: MetricCatalogue.stepBounds)
    private(set) var stepPrefill = BucketCounts(numbers: MetricCatalogue.tokenBounds)
    private(set) var stepDecode = BucketCounts(numbers: MetricCatalogue.tokenBounds)

    mutating func add(_ observation: GenerationObservation) {
        promptTokens &+= UInt64(clamping: observation.promptTokens)
        cachedTokens &+= UInt64(clamping: observation.cachedTokens)
        outputTokens &+= UInt64(clamping: observation.outputTokens)
        draftedTokens &+= UInt64(clamping: observation.draftedTokens)
        acceptedTokens &+= UInt64(clamping: observation.acceptedTokens)
        if let first = observation.timeToFirstToken { timeToFirstToken.add(first) }
        endings[Self.ending(observation), default: 0] &+= 1
        if case .failure(let category) = observation.outcome {
            if category == .cancelled { cancelled[observation.phase, default: 0] &+= 1 }
            return
        }
        queue.add(observation.queue)
        prefill.add(observation.prefill)
        duration.add(observation.total)
        requestPrompt.add(observation.promptTokens)
        requestOutput.add(observation.outputTokens)
        if observation.outputTokens > 1 {
            decode.add(observation.decode)
            perOutputToken.add(observation.decode / (observation.outputTokens - 1))
        }
    }

    mutating func add(_ observation: StepObservation) {
        step.add(observation.duration)
        if observation.prefillTokens > 0 { stepPrefill.add(observation.prefillTokens) }
        if observation.decodeTokens > 0 { stepDecode.add(observation.decodeTokens) }
        for gap in observation.gaps { interToken.add(gap) }
    }

    private static func ending(_ observation: GenerationObservation) -> Ending {
        switch observation.outcome {
        case .failure(let category): return Ending(outcome: category.rawValue, finishReason: "")
        case .success:
            let reason = observation.finishReason ?? ""
            let isKnown = reason.isEmpty || finishReasons.contains(reason)
            return Ending(outcome: "success", finishReason: isKnown ? reason : "other")
        }
    }
}
