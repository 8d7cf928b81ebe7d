// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

extension InferenceObservation {
    /// An observation with the facts a test cares about.
    static func sample(
        endpoint: String = "fraud", version: Int? = 1, route: RouteKind = .primary, outcome: Outcome = .success,
        rows: Int = 1, batchSize: Int = 1
    ) -> InferenceObservation {
        InferenceObservation(
            requestID: nil, endpoint: endpoint, version: version, route: route, outcome: outcome, rows: rows,
            batchSize: batchSize, inputBytes: 40, outputBytes: 8,
            timings: InferenceTimings(
                queue: .microseconds(10), computeInput: .microseconds(1), compute: .microseconds(100),
                computeOutput: .microseconds(2)),
            total: .microseconds(200))
    }
}

extension ExecutionObservation {
    /// One engine call of `rows` rows.
    static func call(rows: Int = 1, compute: Duration = .microseconds(100)) -> ExecutionObservation {
        ExecutionObservation(
            endpoint: "fraud", version: 1, rows: rows,
            timings: InferenceTimings(
                computeInput: .microseconds(1), compute: compute, computeOutput: .microseconds(2)))
    }
}

extension GenerationObservation {
    /// 120 prompt tokens, 64 of them kept, in 100 ms of queue, 300 ms of prefill and 500 ms of decode.
    static func generation(
        version: Int? = 1, outcome: InferenceObservation.Outcome = .success, finishReason: String = "stop",
        phase: Phase = .decode, outputTokens: Int = 11, firstToken: Duration? = .milliseconds(400)
    ) -> GenerationObservation {
        GenerationObservation(
            requestID: nil, endpoint: "chat", version: version, route: .primary, outcome: outcome,
            finishReason: outcome == .success ? finishReason : nil, phase: phase, promptTokens: 120, cachedTokens: 64,
            outputTokens: outputTokens, draftedTokens: 8, acceptedTokens: 5, queue: .milliseconds(100),
            prefill: .milliseconds(300), decode: .milliseconds(500), timeToFirstToken: firstToken,
            total: .milliseconds(900))
    }
}

extension StepObservation {
    /// One step that gave one sequence its next token after 20 ms.
    static let step = StepObservation(
        endpoint: "chat", version: 1, prefillTokens: 0, decodeTokens: 1, sequences: 1, duration: .milliseconds(20),
        gaps: [.milliseconds(20)])
}

extension LanguageGauges {
    static let sample: LanguageGauges = {
        var gauges = LanguageGauges(endpoint: "chat", version: 2)
        gauges.running = 3
        gauges.waiting = 5
        gauges.parked = 1
        gauges.queuedTokens = 900
        gauges.cellsUsed = 512
        gauges.cellsCached = 256
        gauges.cells = 2048
        gauges.evictions = 4
        gauges.parks = 6
        gauges.resumes = 5
        gauges.refusals = ["tokens": 7, "requests": 2]
        return gauges
    }()
}
