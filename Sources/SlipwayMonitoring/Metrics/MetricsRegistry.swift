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

    typealias Reader = @Sendable () -> [MetricSample]

    private let maximumSeries: Int
    private let maximumSamples: Int
    let compatibility: CompatibilityNames
    private let now: @Sendable () -> Timestamp
    private let table = Mutex(Table())
    private let other = EndpointSeries()
    private let readers = Mutex<[String: Reader]>([:])

    /// - Parameters:
    ///   - maximumSeries: Pairs of endpoint and version that are told apart; 1 or more.
    ///   - maximumSamples: Values of one metric that a scrape shows; what is beyond is counted as left out.
    ///   - servesVLLMNames: Whether the language metrics are also shown under the names that vLLM has for them.
    ///   - compatibility: Other servers' names that are shown too.
    ///   - now: The wall clock.
    package init(
        maximumSeries: Int = 512, maximumSamples: Int = 8192, servesVLLMNames: Bool = false,
        compatibility: CompatibilityNames = [],
        now: @escaping @Sendable () -> Timestamp = MetricsRegistry.wallClock
    ) {
        self.maximumSeries = max(1, maximumSeries)
        self.maximumSamples = max(1, maximumSamples)
        self.compatibility = servesVLLMNames ? compatibility.union(.vllm) : compatibility
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

    /// The system's wall clock.
    @Sendable package static func wallClock() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }

    /// All metrics as they stand, in the order of the catalogue, those of other servers' names last.
    ///
    /// - Parameters:
    ///   - isNative: Whether latencies are also counted in native buckets.
    ///   - names: Other servers' names; `nil` for those that the registry was made with.
    package func families(isNative: Bool = false, names: CompatibilityNames? = nil) -> [MetricFamily] {
        let scrape = scrape()
        var collector = MetricCollector(isNative: isNative, maximumPoints: maximumSamples)
        for metric in MetricCatalogue.all where metric != MetricCatalogue.samplesLeftOut {
            collector.begin(metric)
            scrape.write(metric, as: metric, to: &collector)
        }
        (names ?? compatibility).write(scrape, to: &collector)
        let leftOut = collector.leftOut
        collector.begin(MetricCatalogue.samplesLeftOut)
        collector.sample(MetricCatalogue.samplesLeftOut, labels: [], value: Double(leftOut))
        return collector.families
    }

    /// The metrics of other servers' names alone.
    package func compatibilityFamilies(_ names: CompatibilityNames) -> [MetricFamily] {
        var collector = MetricCollector(isNative: false, maximumPoints: maximumSamples)
        names.write(scrape(), to: &collector)
        return collector.families
    }

    private func scrape() -> MetricsScrape {
        let (rows, folded) = table.withLock { table in
            (table.series.map { ($0.key, $0.value) }, table.folded)
        }
        var all = rows.map { SeriesReading(endpoint: $0.endpoint, version: $0.version, series: $1) }
        if folded > 0 { all.append(SeriesReading(endpoint: Self.otherEndpoint, version: nil, series: other)) }
        all.sort { ($0.labels[0], $0.labels[1]) < ($1.labels[0], $1.labels[1]) }
        return MetricsScrape(series: all, folded: folded, readers: readers.withLock { $0 })
    }
}
