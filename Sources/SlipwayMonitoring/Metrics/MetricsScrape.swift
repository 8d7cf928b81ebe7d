// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// What a registry held at one moment.
struct MetricsScrape {
    let series: [SeriesReading]
    let folded: UInt64
    let readers: [String: MetricsRegistry.Reader]

    var language: [LanguageReading] { series.compactMap(\.language) }

    /// The samples of a metric that is read elsewhere; empty for others.
    func provided(_ metric: MetricDescriptor) -> [MetricSample] { readers[metric.name]?() ?? [] }

    /// Writes all values of a metric of the catalogue, under a name that may be another's.
    func write(_ metric: MetricDescriptor, as shown: MetricDescriptor, to collector: inout MetricCollector) {
        if metric == MetricCatalogue.foldedObservations {
            collector.sample(shown, labels: [], value: folded)
        } else if let read = readers[metric.name] {
            for sample in read() { collector.sample(shown, labels: sample.labelValues, value: sample.value) }
        } else {
            for reading in series { reading.write(metric, as: shown, to: &collector) }
        }
    }
}

/// What one series held when a scrape looked at it.
struct SeriesReading {
    /// The endpoint and the version; the latter is empty for requests that failed before one was chosen.
    let labels: [String]
    let series: EndpointSeries
    let counters: EndpointCounters
    let language: LanguageReading?

    init(endpoint: String, version: Int?, series: EndpointSeries) {
        labels = [endpoint, version.map(String.init) ?? ""]
        self.series = series
        counters = series.read()
        language = series.readLanguage().map { [labels] in LanguageReading(labels: labels, counters: $0) }
    }

    var hasVersion: Bool { !labels[1].isEmpty }

    /// Writes the samples that this series has of a metric, if it has any.
    func write(_ metric: MetricDescriptor, as shown: MetricDescriptor, to collector: inout MetricCollector) {
        let totals = counters.statistics
        switch metric {
        case MetricCatalogue.requests:
            collector.sample(shown, labels: labels + ["success"], value: totals.success.count)
            for (category, count) in counters.failures.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
                collector.sample(shown, labels: labels + [category.rawValue], value: count)
            }
        case MetricCatalogue.routes:
            for (route, count) in counters.routes.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
                collector.sample(shown, labels: labels + [route.rawValue], value: count)
            }
        case MetricCatalogue.duration: histogram(shown, series.duration, &collector, series.exemplars.all)
        case MetricCatalogue.queue: histogram(shown, series.queue, &collector)
        case MetricCatalogue.compute: histogram(shown, series.compute, &collector)
        case MetricCatalogue.rows: collector.sample(shown, labels: labels, value: totals.inferenceCount)
        case MetricCatalogue.executions: collector.sample(shown, labels: labels, value: totals.executionCount)
        case MetricCatalogue.laneTime:
            let steps = language?.counters.step.sum ?? 0
            collector.sample(shown, labels: labels, value: (Double(counters.laneNanoseconds) + Double(steps)) / 1e9)
        case MetricCatalogue.inputBytes: collector.sample(shown, labels: labels, value: counters.inputBytes)
        case MetricCatalogue.outputBytes: collector.sample(shown, labels: labels, value: counters.outputBytes)
        default: language?.write(metric, as: shown, to: &collector)
        }
    }

    private func histogram(
        _ metric: MetricDescriptor, _ histogram: LatencyHistogram, _ collector: inout MetricCollector,
        _ exemplars: [Exemplar] = []
    ) {
        collector.histogram(
            metric, labels: labels, distribution: histogram.snapshot(), bounds: MetricCatalogue.durationBounds,
            exemplars: exemplars)
    }
}
