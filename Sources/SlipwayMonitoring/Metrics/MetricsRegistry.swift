// SPDX-License-Identifier: Apache-2.0

import Glibc
package import SlipwayCore
import Synchronization

/// Turns observations into metrics and V2 statistics.
///
/// ``record(_:)`` is called once per request from any thread: one dictionary look-up and a few additions under two
/// short locks, no waiting on readers that format. Memory is bounded by construction: at most `maximumSeries`
/// pairs of endpoint and version, about 45 KiB each (3 more where text is generated); what does not fit is counted
/// under the endpoint `other`.
package final class MetricsRegistry: Sendable {
    /// The endpoint that requests are counted under when they have no series of their own.
    package static let otherEndpoint = "other"

    private struct Key: Hashable {
        let endpoint: String
        /// `nil` for requests that failed before a version was chosen.
        let version: Int?
    }

    private struct Table {
        var series: [Key: EndpointSeries] = [:]
        /// Endpoints that have served once. Only their unrouted requests get a series, so that callers cannot fill
        /// the table with invented names.
        var served: Set<String> = []
        var folded: UInt64 = 0
        /// Versions that are gone, by when they went.
        var retired: [Key: UInt64] = [:]
        private var retirements: UInt64 = 0

        mutating func retire(_ key: Key) {
            guard series[key] != nil else { return }
            retirements += 1
            retired[key] = retirements
        }

        /// Makes room for one more series where it can: those that went first go.
        mutating func makeRoom(limit: Int) -> Bool {
            while series.count >= limit, let first = retired.min(by: { $0.value < $1.value }) { forget(first.key) }
            return series.count < limit
        }

        private mutating func forget(_ key: Key) {
            series[key] = nil
            retired[key] = nil
            guard !series.keys.contains(where: { $0.endpoint == key.endpoint && $0.version != nil }) else { return }
            series[Key(endpoint: key.endpoint, version: nil)] = nil
            served.remove(key.endpoint)
        }
    }

    private typealias Reader = @Sendable () -> [MetricSample]

    private let maximumSeries: Int
    private let servesVLLMNames: Bool
    private let now: @Sendable () -> Timestamp
    private let table = Mutex(Table())
    private let other = EndpointSeries()
    private let readers = Mutex<[String: Reader]>([:])

    /// - Parameters:
    ///   - maximumSeries: Pairs of endpoint and version that are told apart; 1 or more.
    ///   - servesVLLMNames: Whether the language metrics are also shown under the names that vLLM has for them.
    ///   - now: The wall clock.
    package init(
        maximumSeries: Int = 512, servesVLLMNames: Bool = false,
        now: @escaping @Sendable () -> Timestamp = MetricsRegistry.wallClock
    ) {
        self.maximumSeries = max(1, maximumSeries)
        self.servesVLLMNames = servesVLLMNames
        self.now = now
    }

    /// Counts one request.
    package func record(_ observation: InferenceObservation) { countRequest(observation) }

    /// Counts one request and returns the series that it counts in.
    @discardableResult
    func countRequest(_ observation: InferenceObservation) -> EndpointSeries {
        let key = Key(endpoint: observation.endpoint, version: observation.version)
        let series = table.withLock { table -> EndpointSeries in
            if let known = entry(key, in: &table) { return known }
            table.folded &+= 1
            return other
        }
        series.record(observation, at: now())
        return series
    }

    /// Counts one engine call.
    package func record(_ execution: ExecutionObservation) {
        series(endpoint: execution.endpoint, version: execution.version)?.record(execution)
    }

    /// The series of a version; `nil` when there is no room for it.
    func series(endpoint: String, version: Int) -> EndpointSeries? {
        table.withLock { entry(Key(endpoint: endpoint, version: version), in: &$0) }
    }

    /// The series of a pair, made when it is new and there is room; `nil` for what is folded.
    private func entry(_ key: Key, in table: inout Table) -> EndpointSeries? {
        if let known = table.series[key] {
            // Asked again: it came back into memory.
            if !table.retired.isEmpty { table.retired[key] = nil }
            return known
        }
        // Unrouted requests to an endpoint that is itself named `other` share its series.
        let isServed =
            key.version != nil || (table.served.contains(key.endpoint) && key.endpoint != Self.otherEndpoint)
        guard isServed, table.makeRoom(limit: maximumSeries) else { return nil }
        let new = EndpointSeries()
        table.series[key] = new
        table.served.insert(key.endpoint)
        return new
    }

    /// Exact sums for one endpoint and version; all zero when it has not been asked yet.
    package func statistics(endpoint: String, version: Int) -> EndpointStatistics {
        let key = Key(endpoint: endpoint, version: version)
        return table.withLock { $0.series[key] }?.read().summary() ?? EndpointStatistics()
    }

    /// Says that a version was unloaded: its sums stay until their place is needed for another.
    package func retire(endpoint: String, version: Int) {
        table.withLock { $0.retire(Key(endpoint: endpoint, version: version)) }
    }

    /// Sets where a metric's values come from; asked at every scrape, on the scraping task: it must not block.
    ///
    /// Samples whose labels do not match the descriptor are left out.
    package func provide(_ metric: MetricDescriptor, _ read: @escaping @Sendable () -> [MetricSample]) {
        readers.withLock { $0[metric.name] = read }
    }

    /// All metrics in the Prometheus text format 0.0.4; send it as `text/plain; version=0.0.4; charset=utf-8`.
    package func exposition() -> String {
        let (rows, folded) = table.withLock { table in
            (table.series.map { ($0.key, $0.value) }, table.folded)
        }
        var all = rows.map { SeriesReading(endpoint: $0.endpoint, version: $0.version, series: $1) }
        if folded > 0 { all.append(SeriesReading(endpoint: Self.otherEndpoint, version: nil, series: other)) }
        all.sort { ($0.labels[0], $0.labels[1]) < ($1.labels[0], $1.labels[1]) }
        var writer = ExpositionWriter()
        let providers = readers.withLock { $0 }
        for metric in MetricCatalogue.all {
            writer.begin(metric)
            if metric == MetricCatalogue.foldedObservations {
                writer.sample(metric, labels: [], value: String(folded))
            } else if let read = providers[metric.name] {
                for sample in read() where sample.labelValues.count == metric.labels.count {
                    writer.sample(metric, labels: sample.labelValues, value: ExpositionWriter.number(sample.value))
                }
            } else {
                for reading in all { reading.write(metric, to: &writer) }
            }
        }
        if servesVLLMNames {
            for name in VLLMNames.all {
                name.write(all.compactMap(\.language), provided: providers[name.source.name]?() ?? [], to: &writer)
            }
        }
        return writer.text
    }

    /// The system's wall clock.
    @Sendable package static func wallClock() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }
}

/// What one series held when a scrape looked at it.
private struct SeriesReading {
    let labels: [String]
    private let series: EndpointSeries
    private let counters: EndpointCounters
    let language: LanguageReading?

    init(endpoint: String, version: Int?, series: EndpointSeries) {
        labels = [endpoint, version.map(String.init) ?? ""]
        self.series = series
        counters = series.read()
        language = series.readLanguage().map { [labels] in LanguageReading(labels: labels, counters: $0) }
    }

    /// Writes the samples that this series has of a metric, if it has any.
    func write(_ metric: MetricDescriptor, to writer: inout ExpositionWriter) {
        let totals = counters.statistics
        switch metric {
        case MetricCatalogue.requests:
            writer.sample(metric, labels: labels + ["success"], value: String(totals.success.count))
            for (category, count) in counters.failures.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
                writer.sample(metric, labels: labels + [category.rawValue], value: String(count))
            }
        case MetricCatalogue.routes:
            for (route, count) in counters.routes.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
                writer.sample(metric, labels: labels + [route.rawValue], value: String(count))
            }
        case MetricCatalogue.duration: histogram(metric, series.duration, &writer)
        case MetricCatalogue.queue: histogram(metric, series.queue, &writer)
        case MetricCatalogue.compute: histogram(metric, series.compute, &writer)
        case MetricCatalogue.rows: writer.sample(metric, labels: labels, value: String(totals.inferenceCount))
        case MetricCatalogue.executions:
            writer.sample(metric, labels: labels, value: String(counters.summary().executionCount))
        case MetricCatalogue.inputBytes: writer.sample(metric, labels: labels, value: String(counters.inputBytes))
        case MetricCatalogue.outputBytes: writer.sample(metric, labels: labels, value: String(counters.outputBytes))
        default: language?.write(metric, as: metric, to: &writer)
        }
    }

    private func histogram(
        _ metric: MetricDescriptor, _ histogram: LatencyHistogram, _ writer: inout ExpositionWriter
    ) {
        writer.histogram(
            metric, labels: labels, distribution: histogram.snapshot(), bounds: MetricCatalogue.durationBounds)
    }
}
