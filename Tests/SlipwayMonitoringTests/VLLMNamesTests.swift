// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayMonitoring
import Testing

@Suite struct VLLMNamesTests {
    private func exposition(servesVLLMNames: Bool) -> [String] {
        let registry = MetricsRegistry(servesVLLMNames: servesVLLMNames)
        registry.record(.generation())
        registry.record(.generation(finishReason: "length"))
        registry.record(.generation(outcome: .failure(.internal)))
        registry.record(.step)
        registry.provideLanguageMetrics { [.sample] }
        return registry.exposition().split(separator: "\n").map(String.init)
    }

    @Test("they are shown only when asked for")
    func switched() {
        #expect(!exposition(servesVLLMNames: false).contains { $0.contains("vllm:") })
    }

    @Test("each is announced once and has samples")
    func announced() {
        let lines = exposition(servesVLLMNames: true)
        for name in VLLMNames.all {
            let shown = name.shown
            #expect(lines.count { $0 == "# TYPE \(shown.name) \(shown.kind.rawValue)" } == 1, "\(shown.name)")
            let end = shown.kind == .histogram ? "_count{" : "{"
            #expect(lines.contains { $0.hasPrefix(shown.name + end) }, "\(shown.name)")
        }
        #expect(Set(VLLMNames.all.map(\.shown.name)).count == VLLMNames.all.count)
    }

    @Test(
        "values are those of ours",
        arguments: [
            #"vllm:num_requests_running{model_name="chat",version="2"} 3"#,
            #"vllm:num_requests_waiting{model_name="chat",version="2"} 5"#,
            #"vllm:kv_cache_usage_perc{model_name="chat",version="2"} 0.25"#,
            #"vllm:num_preemptions_total{model_name="chat",version="2"} 6"#,
            #"vllm:request_success_total{model_name="chat",version="1",finished_reason="length"} 1"#,
            #"vllm:request_success_total{model_name="chat",version="1",finished_reason="stop"} 1"#,
            #"vllm:prompt_tokens_total{model_name="chat",version="1"} 360"#,
            #"vllm:prefix_cache_queries_total{model_name="chat",version="1"} 360"#,
            #"vllm:prefix_cache_hits_total{model_name="chat",version="1"} 192"#,
            #"vllm:e2e_request_latency_seconds_count{model_name="chat",version="1"} 2"#,
            #"vllm:inter_token_latency_seconds_bucket{model_name="chat",version="1",le="0.02"} 1"#,
        ])
    func values(line: String) {
        #expect(exposition(servesVLLMNames: true).contains(line))
    }

    @Test("the table has a line for each name")
    func table() {
        let lines = VLLMNames.markdownTable().split(separator: "\n")
        #expect(lines.count == VLLMNames.all.count + 2)
        #expect(
            lines[2] == #"| `vllm:num_requests_running` | `slipway_language_sequences`, `state="running"` |"#)
    }
}
