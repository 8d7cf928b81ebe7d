// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

extension MetricsRegistry {
    /// Counts one generation that ended: as a request like any other, and in the metrics of language models.
    ///
    /// Its time to the first step is the ordinary metrics' queue, what follows their compute.
    package func record(_ observation: GenerationObservation) {
        let wasComputed = observation.phase != .queue
        let request = InferenceObservation(
            requestID: observation.requestID, endpoint: observation.endpoint, version: observation.version,
            route: observation.route, outcome: observation.outcome, rows: 1, batchSize: wasComputed ? 1 : 0,
            inputBytes: 0, outputBytes: 0,
            timings: InferenceTimings(queue: observation.queue, compute: observation.prefill + observation.decode),
            total: observation.total)
        countRequest(request).record(observation)
    }

    /// Counts one step. Called by the thread that decodes, once per step: two short locks.
    package func record(_ observation: StepObservation) {
        series(endpoint: observation.endpoint, version: observation.version)?.record(observation)
    }

    /// Sets where the state of loaded language models is read from; asked several times in a scrape, on the scraping
    /// task: it must not block.
    package func provideLanguageMetrics(_ read: @escaping @Sendable () -> [LanguageGauges]) {
        func provide(
            _ metric: MetricDescriptor, _ values: @escaping @Sendable (LanguageGauges) -> [(String?, Double)]
        ) {
            self.provide(metric) {
                read().flatMap { gauges in
                    values(gauges).map { label, value in
                        MetricSample(
                            value, labels: [gauges.endpoint, String(gauges.version)] + (label.map { [$0] } ?? []))
                    }
                }
            }
        }
        provide(MetricCatalogue.languageRejected) { gauges in
            gauges.refusals.sorted { $0.key < $1.key }.map { ($0.key, Double($0.value)) }
        }
        provide(MetricCatalogue.languageSequences) {
            [("running", Double($0.running)), ("waiting", Double($0.waiting)), ("parked", Double($0.parked))]
        }
        provide(MetricCatalogue.languageQueuedTokens) { [(nil, Double($0.queuedTokens))] }
        provide(MetricCatalogue.languageCells) {
            [("used", Double($0.cellsUsed)), ("cached", Double($0.cellsCached)), ("total", Double($0.cells))]
        }
        provide(MetricCatalogue.languageEvictions) { [(nil, Double($0.evictions))] }
        provide(MetricCatalogue.languageParks) { [(nil, Double($0.parks))] }
        provide(MetricCatalogue.languageResumes) { [(nil, Double($0.resumes))] }
    }
}
