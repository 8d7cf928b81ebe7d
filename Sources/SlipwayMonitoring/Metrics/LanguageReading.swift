// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// What was counted of one version's generations when a scrape looked at it.
struct LanguageReading {
    let labels: [String]
    let counters: LanguageCounters

    /// Writes the samples that this version has of a metric of ``MetricCatalogue/language``.
    ///
    /// - Parameter shown: The name and labels to write them under; as many labels as the metric has.
    func write(_ metric: MetricDescriptor, as shown: MetricDescriptor, to writer: inout MetricCollector) {
        if let counts = histogram(metric) { return writer.histogram(shown, labels: labels, counts: counts) }
        if let total = counter(metric) { return writer.sample(shown, labels: labels, value: total) }
        switch metric {
        case MetricCatalogue.languageStepTokens:
            writer.histogram(shown, labels: labels + ["prefill"], counts: counters.stepPrefill)
            writer.histogram(shown, labels: labels + ["decode"], counts: counters.stepDecode)
        case MetricCatalogue.languageRequests:
            let endings = counters.endings.sorted {
                ($0.key.outcome, $0.key.finishReason) < ($1.key.outcome, $1.key.finishReason)
            }
            for (ending, count) in endings {
                writer.sample(shown, labels: labels + [ending.outcome, ending.finishReason], value: count)
            }
        case MetricCatalogue.languageCancelled:
            for phase in GenerationObservation.Phase.allCases {
                guard let count = counters.cancelled[phase] else { continue }
                writer.sample(shown, labels: labels + [phase.rawValue], value: count)
            }
        default: break
        }
    }

    private func histogram(_ metric: MetricDescriptor) -> BucketCounts? {
        switch metric {
        case MetricCatalogue.languageFirstToken: counters.timeToFirstToken
        case MetricCatalogue.languageInterToken: counters.interToken
        case MetricCatalogue.languagePerOutputToken: counters.perOutputToken
        case MetricCatalogue.languageQueue: counters.queue
        case MetricCatalogue.languagePrefill: counters.prefill
        case MetricCatalogue.languageDecode: counters.decode
        case MetricCatalogue.languageDuration: counters.duration
        case MetricCatalogue.languageRequestPrompt: counters.requestPrompt
        case MetricCatalogue.languageRequestOutput: counters.requestOutput
        case MetricCatalogue.languageStep: counters.step
        default: nil
        }
    }

    private func counter(_ metric: MetricDescriptor) -> UInt64? {
        switch metric {
        case MetricCatalogue.languagePromptTokens: counters.promptTokens
        case MetricCatalogue.languageCachedTokens: counters.cachedTokens
        case MetricCatalogue.languageOutputTokens: counters.outputTokens
        case MetricCatalogue.languageDraftedTokens: counters.draftedTokens
        case MetricCatalogue.languageAcceptedTokens: counters.acceptedTokens
        default: nil
        }
    }
}
