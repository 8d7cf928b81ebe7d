// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import SlipwayCore

/// The result of a load test.
package struct BenchReport: Sendable, Hashable, Codable {
    /// Milliseconds; absent when nothing succeeded.
    package struct Latency: Sendable, Hashable, Codable {
        package let mean: Double
        package let p50: Double
        package let p90: Double
        package let p95: Double
        package let p99: Double
        package let max: Double
    }

    package let url: String
    /// `closed` or `open`.
    package let mode: String
    /// Of a closed loop.
    package let concurrency: Int?
    /// Requests per second asked for, of an open loop.
    package let targetRate: Double?
    package let seed: UInt64?
    /// What was measured; less than planned when the run was given up.
    package let durationSeconds: Double
    /// Requests that ended within the measured time, or in an open loop were to be sent within it.
    package let requests: Int
    package let successes: Int
    /// By status, `timeout`, `connect`, `disconnected` or `malformed`.
    package let errors: [String: Int]
    package let successesPerSecond: Double
    /// Of one request's body.
    package let requestBodyBytes: Int
    /// Of all answers, their headers included.
    package let bytesReceived: Int
    package let latencyMilliseconds: Latency?

    package init(url: String, plan: BenchPlan, request: BenchRequest, recorder: BenchRecorder) {
        self.url = url
        switch plan.load {
        case .closed(let concurrency):
            mode = "closed"
            self.concurrency = concurrency
            targetRate = nil
            seed = nil
        case .open(let rate, let seed):
            mode = "open"
            concurrency = nil
            targetRate = rate
            self.seed = seed
        }
        durationSeconds = recorder.windowSeconds
        successes = recorder.successes
        errors = recorder.errors
        requests = recorder.successes + recorder.errors.values.reduce(0, +)
        successesPerSecond = durationSeconds > 0 ? Double(recorder.successes) / durationSeconds : 0
        requestBodyBytes = request.bodyByteCount
        bytesReceived = recorder.bytesReceived
        latencyMilliseconds = Latency(recorder.latencies)
    }

    /// The report as JSON, keys sorted.
    package func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }

    /// The report for people, one figure a line.
    package func table() -> String {
        var rows = [("target", url)]
        if let concurrency { rows.append(("load", "closed, \(concurrency) connections")) }
        if let targetRate, let seed {
            rows.append(("load", "open, Poisson, \(Self.fixed(targetRate, 0)) requests/s, seed \(seed)"))
        }
        rows.append(("measured", "\(Self.fixed(durationSeconds, 1)) s"))
        rows.append(("request body", "\(requestBodyBytes) bytes"))
        rows.append(("succeeded", "\(successes) of \(requests)"))
        for (name, count) in errors.sorted(by: { $0.key < $1.key }) { rows.append(("error \(name)", String(count))) }
        rows.append(("throughput", "\(Self.fixed(successesPerSecond, 1)) requests/s"))
        let bytesPerSecond = durationSeconds > 0 ? Double(bytesReceived) / durationSeconds : 0
        rows.append(("received", "\(Self.fixed(bytesPerSecond / 1e6, 2)) MB/s"))
        if let latency = latencyMilliseconds {
            let figures = [
                ("mean", latency.mean), ("p50", latency.p50), ("p90", latency.p90), ("p95", latency.p95),
                ("p99", latency.p99), ("max", latency.max),
            ]
            rows += figures.map { ("latency \($0)", "\(Self.fixed($1, 3)) ms") }
        }
        let width = rows.map(\.0.count).max() ?? 0
        return rows.map { name, value in
            name + String(repeating: " ", count: width - name.count + 2) + value + "\n"
        }.joined()
    }

    /// A number with so many digits after the point.
    static func fixed(_ value: Double, _ digits: Int) -> String {
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        guard value.isFinite, abs(value * scale) < 9e15 else { return String(value) }
        let scaled = Int64((value * scale).rounded())
        guard digits > 0 else { return String(scaled) }
        let text = String(scaled.magnitude)
        let padded = String(repeating: "0", count: max(0, digits + 1 - text.count)) + text
        return (scaled < 0 ? "-" : "") + padded.dropLast(digits) + "." + padded.suffix(digits)
    }
}

extension BenchReport.Latency {
    init?(_ latencies: LatencyDistribution) {
        func milliseconds(_ latency: Duration?) -> Double { Double((latency ?? .zero).clampedNanoseconds) / 1e6 }
        guard latencies.count > 0 else { return nil }
        mean = milliseconds(latencies.mean)
        p50 = milliseconds(latencies.quantile(0.5))
        p90 = milliseconds(latencies.quantile(0.9))
        p95 = milliseconds(latencies.quantile(0.95))
        p99 = milliseconds(latencies.quantile(0.99))
        max = milliseconds(latencies.greatest)
    }
}
