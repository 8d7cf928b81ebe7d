// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayMonitoring
import Testing

@Suite struct LanguageMetricsTests {
    private let registry = MetricsRegistry(maximumSeries: 3, now: { Timestamp(milliseconds: 1_234_567) })

    private func lines(_ prefix: String) -> [String] {
        registry.exposition().split(separator: "\n").map(String.init).filter { $0.hasPrefix(prefix) }
    }

    /// The value of the one sample that begins with `series`.
    private func value(_ series: String) throws -> String {
        let found = lines(series + " ")
        #expect(found.count == 1, "\(series)")
        return try #require(found.first?.split(separator: " ").last.map(String.init))
    }

    @Test("tokens of prompts, of the cache, of answers and of drafts are added up")
    func tokens() throws {
        registry.record(.generation())
        registry.record(.generation(outcome: .failure(.cancelled), phase: .decode))
        let labels = #"{endpoint="chat",version="1"}"#
        #expect(try value("slipway_language_prompt_tokens_total" + labels) == "240")
        #expect(try value("slipway_language_cached_prompt_tokens_total" + labels) == "128")
        #expect(try value("slipway_language_output_tokens_total" + labels) == "22")
        #expect(try value("slipway_language_drafted_tokens_total" + labels) == "16")
        #expect(try value("slipway_language_accepted_tokens_total" + labels) == "10")
    }

    @Test("endings are told by outcome and reason, reasons nobody knows as 'other'")
    func endings() {
        for reason in ["stop", "length", "stop", "a reason of the adapter's own"] {
            registry.record(.generation(finishReason: reason))
        }
        registry.record(.generation(outcome: .failure(.unavailable), phase: .queue))
        let series = #"slipway_language_requests_total{endpoint="chat",version="1",outcome="#
        #expect(
            lines(series) == [
                series + #""success",finish_reason="length"} 1"#,
                series + #""success",finish_reason="other"} 1"#,
                series + #""success",finish_reason="stop"} 2"#,
                series + #""unavailable",finish_reason=""} 1"#,
            ])
    }

    @Test("a caller who went away counts by the phase", arguments: GenerationObservation.Phase.allCases)
    func cancelled(phase: GenerationObservation.Phase) {
        registry.record(.generation(outcome: .failure(.cancelled), phase: phase))
        registry.record(.generation(outcome: .failure(.internal), phase: phase))
        let series = #"slipway_language_cancelled_total{endpoint="chat",version="1",phase="#
        #expect(lines(series) == [series + "\"\(phase.rawValue)\"} 1"])
    }

    @Test("a generation counts as a request like any other")
    func ordinary() {
        registry.record(.generation())
        let statistics = registry.statistics(endpoint: "chat", version: 1)
        #expect(statistics.success == .init(count: 1, nanoseconds: 900_000_000))
        #expect(statistics.queue == .init(count: 1, nanoseconds: 100_000_000))
        #expect(statistics.compute == .init(count: 1, nanoseconds: 800_000_000))
        #expect(statistics.inferenceCount == 1)
        #expect(lines("slipway_inference_requests_total{").count == 1)
    }

    @Test("a generation that was never begun is no computed request")
    func neverBegun() {
        registry.record(.generation(outcome: .failure(.deadlineExceeded), phase: .queue))
        let statistics = registry.statistics(endpoint: "chat", version: 1)
        #expect(statistics.failure.count == 1)
        #expect(statistics.queue.count == 0)
    }

    @Test("a histogram's value on a bound is within it, and buckets reach ten minutes")
    func buckets() throws {
        registry.record(.generation(firstToken: .milliseconds(250)))
        registry.record(.generation(firstToken: .seconds(600)))
        registry.record(.generation(firstToken: .seconds(601)))
        let name = "slipway_language_time_to_first_token_seconds"
        let bucket = #"\#(name)_bucket{endpoint="chat",version="1",le="#
        #expect(try value(bucket + #""0.1"}"#) == "0")
        #expect(try value(bucket + #""0.25"}"#) == "1")
        #expect(try value(bucket + #""600"}"#) == "2")
        #expect(try value(bucket + #""+Inf"}"#) == "3")
        #expect(try value(#"\#(name)_sum{endpoint="chat",version="1"}"#) == "1201.25")
        #expect(try value(#"\#(name)_count{endpoint="chat",version="1"}"#) == "3")
    }

    @Test("the mean time per token leaves the first token out")
    func perOutputToken() throws {
        registry.record(.generation(outputTokens: 11))
        registry.record(.generation(outputTokens: 1))
        let name = "slipway_language_time_per_output_token_seconds"
        // 500 ms for ten tokens; the answer of one token has no such time.
        #expect(try value(#"\#(name)_sum{endpoint="chat",version="1"}"#) == "0.05")
        #expect(try value(#"\#(name)_count{endpoint="chat",version="1"}"#) == "1")
    }

    @Test("steps count their tokens by kind, and every gap between tokens")
    func steps() throws {
        registry.record(
            StepObservation(
                endpoint: "chat", version: 1, prefillTokens: 64, decodeTokens: 3, sequences: 4,
                duration: .milliseconds(20), gaps: [.milliseconds(20), .milliseconds(21), .milliseconds(19)]))
        registry.record(
            StepObservation(
                endpoint: "chat", version: 1, prefillTokens: 0, decodeTokens: 3, sequences: 3,
                duration: .milliseconds(10), gaps: []))
        let labels = #"{endpoint="chat",version="1""#
        #expect(try value("slipway_language_step_seconds_count" + labels + "}") == "2")
        #expect(try value("slipway_language_step_seconds_sum" + labels + "}") == "0.03")
        #expect(try value("slipway_language_step_tokens_sum" + labels + #",phase="prefill"}"#) == "64")
        #expect(try value("slipway_language_step_tokens_count" + labels + #",phase="prefill"}"#) == "1")
        #expect(try value("slipway_language_step_tokens_sum" + labels + #",phase="decode"}"#) == "6")
        #expect(try value("slipway_language_inter_token_seconds_count" + labels + "}") == "3")
        #expect(try value("slipway_language_inter_token_seconds_bucket" + labels + #",le="0.02"}"#) == "2")
    }

    @Test("endpoints that do not generate have no samples of language metrics")
    func others() {
        registry.record(.sample())
        #expect(lines("slipway_language_").isEmpty)
    }

    @Test("beyond the limit of series generations count under 'other'")
    func bounded() {
        for version in 1...5 { registry.record(.generation(version: version)) }
        let series = #"slipway_language_prompt_tokens_total{endpoint="#
        #expect(lines(series).count == 4)
        #expect(lines(series).last == series + #""other",version=""} 240"#)
    }

    @Test("what models hold is read when it is asked for")
    func gauges() {
        registry.provideLanguageMetrics { [.sample] }
        #expect(
            lines("slipway_language_sequences{") == [
                #"slipway_language_sequences{endpoint="chat",version="2",state="running"} 3"#,
                #"slipway_language_sequences{endpoint="chat",version="2",state="waiting"} 5"#,
                #"slipway_language_sequences{endpoint="chat",version="2",state="parked"} 1"#,
            ])
        #expect(
            lines("slipway_language_kv_cells{") == [
                #"slipway_language_kv_cells{endpoint="chat",version="2",kind="used"} 512"#,
                #"slipway_language_kv_cells{endpoint="chat",version="2",kind="cached"} 256"#,
                #"slipway_language_kv_cells{endpoint="chat",version="2",kind="total"} 2048"#,
            ])
        #expect(
            lines("slipway_language_rejected_total{") == [
                #"slipway_language_rejected_total{endpoint="chat",version="2",reason="requests"} 2"#,
                #"slipway_language_rejected_total{endpoint="chat",version="2",reason="tokens"} 7"#,
            ])
        for (name, expected) in [("queued_prompt_tokens", 900), ("evictions_total", 4), ("parks_total", 6)] {
            let series = #"slipway_language_\#(name){endpoint="chat",version="2"}"#
            #expect(lines(series) == [series + " \(expected)"])
        }
    }

    @Test("nothing is lost when requests and steps are counted at once")
    func concurrent() async throws {
        await withTaskGroup(of: Void.self) { [registry] group in
            for _ in 0..<4 {
                group.addTask { for _ in 0..<500 { registry.record(.generation()) } }
                group.addTask { for _ in 0..<500 { registry.record(.step) } }
            }
        }
        let labels = #"{endpoint="chat",version="1"}"#
        #expect(try value("slipway_language_duration_seconds_count" + labels) == "2000")
        #expect(try value("slipway_language_step_seconds_count" + labels) == "2000")
    }
}
