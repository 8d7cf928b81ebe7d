// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayDelivery
import SlipwayMonitoring
import Synchronization
import Testing

/// A collector in memory.
private final class Collector: TelemetryTransport {
    struct Down: Error {}

    private let state: Mutex<(paths: [String], status: Int?)>

    /// - Parameter status: What it answers; `nil` when it cannot be reached.
    init(status: Int?) { state = Mutex(([], status)) }

    func post(path: String, contentType: String, body: [UInt8], deadline: Duration) async throws -> Int {
        try state.withLock { state in
            state.paths.append(path)
            guard let status = state.status else { throw Down() }
            return status
        }
    }

    func answer(_ status: Int?) { state.withLock { $0.status = status } }

    var paths: [String] { state.withLock(\.paths) }
}

private struct Inline: BackgroundRunner {
    func run<T: Sendable>(_ work: @escaping @Sendable () -> T) async throws -> T { work() }
}

@Suite struct OTLPPushTests {
    private let logs = BoundedQueue<LogRecord>(limit: 4)
    private let metrics = OTLPMetrics(resource: [], start: Timestamp(milliseconds: 0))
    private let start = ContinuousClock.now

    private func push(_ collector: Collector, _ counts: BoundedCounter) -> OTLPPush {
        var sources = OTLPPush.Sources()
        sources.logs = logs
        sources.metrics = MetricsRegistry()
        return OTLPPush(OTLPPush.Settings(), sources, transport: collector, runner: Inline()) { name, isSent in
            counts.add([name, isSent ? "sent" : "failed"])
        }
    }

    private func record() -> LogRecord {
        LogRecord(at: Timestamp(milliseconds: 0), level: .info, logger: "slipway", message: "m")
    }

    @Test("metrics are pushed at their interval, logs when there are some")
    func intervals() async {
        let collector = Collector(status: 200)
        let push = push(collector, BoundedCounter(labelCount: 2))
        var state = OTLPPush.State()
        await push.step(&state, metrics, at: start)
        await push.step(&state, metrics, at: start + .seconds(1))
        logs.offer(record())
        await push.step(&state, metrics, at: start + .seconds(2))
        await push.step(&state, metrics, at: start + .seconds(15))
        #expect(collector.paths == ["/v1/metrics", "/v1/logs", "/v1/metrics"])
    }

    @Test("while a collector is down one batch waits, the queue stays bounded, and all is counted")
    func down() async {
        let collector = Collector(status: nil)
        let counts = BoundedCounter(labelCount: 2)
        let push = push(collector, counts)
        var state = OTLPPush.State()
        state.metricsDue = start + .seconds(1000)
        for second in 0..<40 {
            for _ in 0..<3 { logs.offer(record()) }
            await push.step(&state, metrics, at: start + .seconds(second))
        }
        // Attempts at 0, 1, 3, 7 and 15 s; the next batch at 31, 32 and 34 s, and at 38 s.
        #expect(collector.paths.count == 9)
        #expect(counts.samples == [MetricSample(1, labels: ["otlp-logs", "failed"])])
        let queue = logs.counts
        #expect(queue.offered == 120)
        // Four wait.
        #expect(queue.taken + queue.dropped + 4 == 120)
        collector.answer(200)
        await push.step(&state, metrics, at: start + .seconds(60))
        #expect(counts.samples.last == MetricSample(1, labels: ["otlp-logs", "sent"]))
    }
}
