// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// A request whose trace is wanted, as it waits to become spans.
package struct TracedRequest: Sendable {
    package enum Work: Sendable {
        case inference(InferenceObservation)
        case generation(GenerationObservation)
    }

    package let work: Work
    package let trace: TraceLink
    /// When the request ended.
    package let endedAt: Timestamp

    package init(_ observation: InferenceObservation, trace: TraceLink, endedAt: Timestamp) {
        work = .inference(observation)
        self.trace = trace
        self.endedAt = endedAt
    }

    package init(_ observation: GenerationObservation, trace: TraceLink, endedAt: Timestamp) {
        work = .generation(observation)
        self.trace = trace
        self.endedAt = endedAt
    }

    /// The request's own span, then one for each of its phases, in order.
    ///
    /// Phases are laid end to end, the last ending with the request: what comes before the first is the time in which
    /// the request was read and admitted. Spans of an answer without an execution, from the cache, have no phases.
    ///
    /// - Parameter newID: A span's id; not 0.
    package func spans(newID: () -> UInt64 = { .random(in: 1 ... .max) }) -> [Span] {
        let end = UInt64(clamping: endedAt.milliseconds).multipliedReportingOverflow(by: 1_000_000).partialValue
        let total = facts.total.clampedNanoseconds
        let begin = end - min(end, total)
        var result = [
            Span(
                trace: trace, spanID: trace.spanID, parentSpanID: trace.parentSpanID, name: facts.name, kind: .server,
                start: begin, end: end, attributes: facts.attributes, failure: facts.failure)
        ]
        let phases = facts.phases.map { ($0, $1.clampedNanoseconds) }.filter { $0.1 > 0 }
        var cursor = end - phases.reduce(0) { min(end - begin, Self.sum($0, $1.1)) }
        for (name, nanoseconds) in phases {
            let stop = min(end, Self.sum(cursor, nanoseconds))
            result.append(
                Span(
                    trace: trace, spanID: newID(), parentSpanID: trace.spanID, name: name, kind: .internal,
                    start: cursor, end: stop, attributes: [], failure: nil))
            cursor = stop
        }
        return result
    }

    /// At most what a number holds.
    private static func sum(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let (sum, overflow) = left.addingReportingOverflow(right)
        return overflow ? .max : sum
    }

    private struct Facts {
        var name: String
        var total: Duration
        var failure: ErrorCategory?
        var phases: [(String, Duration)]
        var attributes: [(name: String, value: LogValue)]
    }

    private var facts: Facts {
        switch work {
        case .inference(let observation): Self.facts(observation)
        case .generation(let observation): Self.facts(observation)
        }
    }

    private static func facts(_ observation: InferenceObservation) -> Facts {
        let timings = observation.timings
        var attributes = common(
            observation.requestID, observation.endpoint, observation.version, observation.route)
        attributes.append(("slipway.rows", .integer(Int64(observation.rows))))
        attributes.append(("slipway.batch_size", .integer(Int64(observation.batchSize))))
        return Facts(
            name: "infer \(observation.endpoint)", total: observation.total, failure: observation.outcome.failure,
            phases: [
                ("queue", timings.queue), ("batch", timings.batch),
                ("compute", timings.computeInput + timings.compute + timings.computeOutput),
                ("encode", timings.encode),
            ], attributes: attributes)
    }

    private static func facts(_ observation: GenerationObservation) -> Facts {
        var attributes = common(
            observation.requestID, observation.endpoint, observation.version, observation.route)
        attributes.append(("gen_ai.usage.input_tokens", .integer(Int64(observation.promptTokens))))
        attributes.append(("gen_ai.usage.output_tokens", .integer(Int64(observation.outputTokens))))
        return Facts(
            name: "generate \(observation.endpoint)", total: observation.total,
            failure: observation.outcome.failure,
            phases: [
                ("queue", observation.queue), ("prefill", observation.prefill), ("decode", observation.decode),
            ], attributes: attributes)
    }

    private static func common(
        _ requestID: String?, _ endpoint: String, _ version: Int?, _ route: RouteKind
    ) -> [(name: String, value: LogValue)] {
        var result: [(name: String, value: LogValue)] = [
            ("slipway.endpoint", .text(endpoint)), ("slipway.route", .text(route.rawValue)),
        ]
        if let version { result.append(("slipway.version", .integer(Int64(version)))) }
        if let requestID { result.append(("slipway.request_id", .text(requestID))) }
        return result
    }
}

extension InferenceObservation.Outcome {
    /// The category of a failure; `nil` for a success.
    fileprivate var failure: ErrorCategory? {
        if case .failure(let category) = self { category } else { nil }
    }
}
