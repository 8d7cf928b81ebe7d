// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import SlipwayClient
import Testing

@Suite struct BenchReportTests {
    private let plan = BenchPlan(load: .open(rate: 250, seed: 9), duration: .seconds(2), warmUp: .seconds(1))
    private let request: BenchRequest

    init() throws {
        let server = try ServerAddress(parsing: "http://h:1")
        request = BenchRequest(server: server, path: "/p", headers: [("a", "b")], body: [1, 2, 3], token: "t")
    }

    private func report() -> BenchReport {
        var recorder = BenchRecorder(window: 1_000..<2_000_001_000, countsByStart: true)
        for index in 1...100 {
            let start = UInt64(index) * 10_000
            recorder.record(.answered(status: 200, bytes: 10), start: start, end: start + UInt64(index) * 1_000_000)
        }
        recorder.record(.timedOut, start: 5_000, end: 6_000)
        recorder.record(.answered(status: 429, bytes: 10), start: 5_000, end: 6_000)
        // Before the window, and after it.
        recorder.record(.answered(status: 200, bytes: 10), start: 999, end: 2_000)
        recorder.record(.answered(status: 200, bytes: 10), start: 2_000_001_000, end: 2_000_001_001)
        return BenchReport(url: "http://h:1", plan: plan, request: request, recorder: recorder)
    }

    @Test("counts what lies in the window and derives rates from its length")
    func figures() throws {
        let report = report()
        #expect(report.requests == 102)
        #expect(report.successes == 100)
        #expect(report.errors == ["timeout": 1, "429": 1])
        #expect(report.successesPerSecond == 50)
        #expect(report.bytesReceived == 1010)
        #expect(report.requestBodyBytes == 3)
        let latency = try #require(report.latencyMilliseconds)
        // 0.8 %: the error of the latency scale.
        #expect(abs(latency.p50 - 50) <= 50 * 0.008)
        #expect(abs(latency.p99 - 99) <= 99 * 0.008)
        #expect(latency.max == 100)
        #expect(latency.mean == 50.5)
    }

    @Test("JSON reads back as the same report")
    func json() throws {
        let report = report()
        let text = try report.json()
        #expect(try JSONDecoder().decode(BenchReport.self, from: Data(text.utf8)) == report)
        #expect(text.contains("\"successesPerSecond\" : 50"))
    }

    @Test("the table has a line for each figure")
    func table() {
        let lines = report().table().split(separator: "\n").map(String.init)
        #expect(lines.contains("load           open, Poisson, 250 requests/s, seed 9"))
        #expect(lines.contains("succeeded      100 of 102"))
        #expect(lines.contains("error 429      1"))
        #expect(lines.contains("throughput     50.0 requests/s"))
        #expect(lines.contains("latency mean   50.500 ms"))
    }

    @Test("a closed loop counts by when requests end")
    func closedWindow() {
        var recorder = BenchRecorder(window: 100..<200, countsByStart: false)
        recorder.record(.answered(status: 200, bytes: 1), start: 50, end: 100)
        recorder.record(.answered(status: 200, bytes: 1), start: 150, end: 200)
        #expect(recorder.successes == 1)
    }

    @Test("a run given up is measured over the time it had")
    func cut() {
        var recorder = BenchRecorder(window: 100..<1_000_000_100, countsByStart: false)
        recorder.record(.answered(status: 200, bytes: 1), start: 100, end: 200)
        recorder.cut(at: 500_000_100)
        let report = BenchReport(url: "", plan: plan, request: request, recorder: recorder)
        #expect(report.durationSeconds == 0.5)
        #expect(report.successesPerSecond == 2)
        recorder.cut(at: 0)
        #expect(BenchReport(url: "", plan: plan, request: request, recorder: recorder).successesPerSecond == 0)
    }

    @Test("a request has the headers it needs and the body")
    func requestBytes() {
        #expect(
            String(decoding: request.bytes, as: UTF8.self)
                == "POST /p HTTP/1.1\r\nhost: h:1\r\na: b\r\nauthorization: Bearer t\r\ncontent-length: 3\r\n\r\n"
                + "\u{1}\u{2}\u{3}")
    }
}
