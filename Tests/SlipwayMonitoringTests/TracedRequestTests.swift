// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayMonitoring
import Testing

@Suite struct TracedRequestTests {
    private let link = TraceLink(traceIDHigh: 1, traceIDLow: 2, spanID: 3, parentSpanID: 4, isSampled: true)
    private let end = Timestamp(milliseconds: 1_000)

    @Test("a request's span holds those of its phases, one after the other, the last ending with it")
    func phases() throws {
        let spans = TracedRequest(.sample(), trace: link, endedAt: end).spans()
        #expect(spans.map(\.name) == ["infer fraud", "queue", "compute"])
        let root = try #require(spans.first)
        #expect(root.spanID == 3)
        #expect(root.parentSpanID == 4)
        #expect(root.end == 1_000_000_000)
        #expect(root.end - root.start == 200_000)
        let phases = spans.dropFirst()
        #expect(phases.allSatisfy { $0.parentSpanID == 3 && $0.trace == link })
        #expect(phases.map { $0.end - $0.start } == [10_000, 103_000])
        #expect(zip(phases, phases.dropFirst()).allSatisfy { $0.end == $1.start })
        #expect(phases.last?.end == root.end)
        #expect(Set(spans.map(\.spanID)).count == spans.count)
    }

    @Test("phases that add up to more than the request are cut to it")
    func contradiction() throws {
        let observation = InferenceObservation(
            requestID: "r", endpoint: "fraud", version: 1, route: .primary, outcome: .failure(.internal), rows: 1,
            batchSize: 1, inputBytes: 0, outputBytes: 0,
            timings: InferenceTimings(queue: .seconds(1), compute: .seconds(1_000_000_000_000)),
            total: .milliseconds(10))
        let spans = TracedRequest(observation, trace: link, endedAt: end).spans()
        let root = try #require(spans.first)
        #expect(root.failure == .internal)
        #expect(spans.allSatisfy { root.start <= $0.start && $0.start <= $0.end && $0.end <= root.end })
    }

    @Test("a generation has queue, prefill and decode")
    func generation() {
        let spans = TracedRequest(.generation(), trace: link, endedAt: end).spans()
        #expect(spans.map(\.name) == ["generate chat", "queue", "prefill", "decode"])
    }

    @Test("only what its caller wants is recorded, shadows never")
    func wanted() {
        let recorder = TraceRecorder(limit: 10, now: { [end] in end })
        recorder.record(.sample())
        var unwanted = InferenceObservation.sample()
        unwanted.trace = TraceLink(traceIDHigh: 1, traceIDLow: 2, spanID: 3, parentSpanID: nil, isSampled: false)
        recorder.record(unwanted)
        var shadow = InferenceObservation.sample(route: .shadow)
        shadow.trace = link
        recorder.record(shadow)
        #expect(recorder.queue.counts.offered == 0)
        var wanted = InferenceObservation.sample()
        wanted.trace = link
        recorder.record(wanted)
        #expect(recorder.queue.take(upTo: 5).map(\.trace) == [link])
    }

    @Test("a share of one begins a trace for every request that follows none")
    func share() {
        let recorder = TraceRecorder(limit: 2, share: 1)
        for _ in 0..<3 { recorder.record(.sample()) }
        #expect(recorder.queue.counts == .init(offered: 3, taken: 0, dropped: 1))
        #expect(Set(recorder.queue.take(upTo: 2).map(\.trace.traceID)).count == 2)
    }
}
