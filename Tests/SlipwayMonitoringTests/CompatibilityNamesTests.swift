// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayMonitoring
import Testing

@Suite struct CompatibilityNamesTests {
    private func page(_ names: CompatibilityNames) -> [String] {
        let registry = MetricsRegistry()
        registry.record(.sample())
        registry.record(.sample(version: 2))
        registry.record(ExecutionObservation.call())
        registry.record(.sample(outcome: .failure(.unavailable), batchSize: 0))
        registry.record(.sample(outcome: .failure(.internal), batchSize: 0))
        registry.provide(MetricCatalogue.queued) { [MetricSample(4, labels: ["fraud", "1"])] }
        registry.provide(MetricCatalogue.cacheRequests) {
            [MetricSample(7, labels: ["fraud", "hit"]), MetricSample(2, labels: ["fraud", "miss"])]
        }
        return registry.compatibilityPage(names).split(separator: "\n").map(String.init)
    }

    @Test(
        "Triton's names show our values",
        arguments: [
            #"nv_inference_request_success{model="fraud",version="1"} 1"#,
            #"nv_inference_request_failure{model="fraud",version="1",reason="REJECTED"} 1"#,
            #"nv_inference_request_failure{model="fraud",version="1",reason="BACKEND"} 1"#,
            #"nv_inference_count{model="fraud",version="1"} 1"#,
            #"nv_inference_exec_count{model="fraud",version="1"} 1"#,
            #"nv_inference_request_duration_us{model="fraud",version="1"} 200"#,
            #"nv_inference_queue_duration_us{model="fraud",version="1"} 10"#,
            #"nv_inference_compute_input_duration_us{model="fraud",version="1"} 1"#,
            #"nv_inference_compute_infer_duration_us{model="fraud",version="1"} 100"#,
            #"nv_inference_compute_output_duration_us{model="fraud",version="1"} 2"#,
            #"nv_inference_pending_request_count{model="fraud",version="1"} 4"#,
            #"nv_cache_num_hits_per_model{model="fraud"} 7"#, #"nv_cache_num_misses_per_model{model="fraud"} 2"#,
        ])
    func triton(line: String) {
        #expect(page(.triton).contains(line))
    }

    @Test(
        "TensorFlow Serving's names show all versions of an endpoint together, in microseconds",
        arguments: [
            #":tensorflow:serving:request_count{model_name="fraud",status="OK"} 2"#,
            #":tensorflow:serving:request_count{model_name="fraud",status="UNAVAILABLE"} 1"#,
            #":tensorflow:serving:request_latency_count{model_name="fraud",API="Predict",entrypoint="Slipway"} 2"#,
            #":tensorflow:serving:request_latency_sum{model_name="fraud",API="Predict",entrypoint="Slipway"} 400"#,
            #":tensorflow:serving:runtime_latency_bucket"#
                + #"{model_name="fraud",API="Predict",runtime="Slipway",le="10"} 0"#,
            #":tensorflow:serving:runtime_latency_sum{model_name="fraud",API="Predict",runtime="Slipway"} 200"#,
        ])
    func tensorFlowServing(line: String) {
        #expect(page(.tensorFlowServing).contains(line))
    }

    @Test("names are shown only when asked for")
    func switched() {
        #expect(!page([]).contains { $0.contains("nv_") || $0.contains(":tensorflow:") })
        #expect(!page(.triton).contains { $0.contains(":tensorflow:") })
        #expect(CompatibilityNames(name: "triton") == .triton)
        #expect(CompatibilityNames(name: "seldon") == nil)
    }

    @Test("each name is there once and comes from the catalogue")
    func unique() {
        let names = TritonNames.all + TensorFlowServingNames.all
        #expect(Set(names.map(\.shown.name)).count == names.count)
        #expect(names.allSatisfy { MetricCatalogue.all.contains($0.source) })
    }
}
