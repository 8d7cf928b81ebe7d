// SPDX-License-Identifier: Apache-2.0

import SlipwayControl
import SlipwayCore
import SlipwayTestKit
import Testing

@Suite("Triton model configuration")
struct TritonModelConfigTests {
    static let full = """
        name: "m"   # as its folder
        platform: "onnxruntime_onnx"
        max_batch_size: 16
        input [ { name: "x" data_type: TYPE_FP32 dims: [ -1 ] format: FORMAT_NONE } ]
        output { name: "y", data_type: TYPE_FP32, dims: -1, label_filename: "labels.txt" }
        version_policy: { specific { versions: [1, 3] } }
        instance_group [ { count: 2 kind: KIND_CPU }, { count: 1 } ]
        default_model_filename: "net.onnx"
        dynamic_batching {
          preferred_batch_size: [ 8, 4 ]
          max_queue_delay_microseconds: 1500
          default_queue_policy { max_queue_size: 32 default_timeout_microseconds: 250000 }
        }
        response_cache { enable: true }
        model_warmup {
          name: "w" batch_size: 1
          inputs { key: "x" value { data_type: TYPE_FP32 dims: 4 random_data: true } }
        }
        """

    static let json = """
        {"name": "m", "platform": "onnxruntime_onnx", "maxBatchSize": 16,
         "input": [{"name": "x", "data_type": "TYPE_FP32", "dims": ["-1"], "format": "FORMAT_NONE", "reshape": null}],
         "output": [{"name": "y", "dataType": 11, "dims": [-1], "label_filename": "labels.txt"}],
         "version_policy": {"specific": {"versions": ["1", 3]}},
         "instance_group": [{"count": 2, "kind": "KIND_CPU", "gpus": []}, {"count": 1}],
         "default_model_filename": "net.onnx",
         "dynamic_batching": {"preferred_batch_size": [8, 4], "max_queue_delay_microseconds": "1500",
           "default_queue_policy": {"max_queue_size": 32, "default_timeout_microseconds": "250000"}},
         "response_cache": {"enable": true}, "parameters": {}, "metric_tags": {},
         "model_transaction_policy": {"decoupled": false},
         "model_warmup": [{"name": "w", "inputs": {"x": {"random_data": true}}}]}
        """

    private static func parse(_ text: String) throws -> TritonModelConfig {
        try TritonModelConfig.parse(text: Array(text.utf8), file: "config.pbtxt")
    }

    @Test("reads text and JSON to the same")
    func both() throws {
        let config = try Self.parse(Self.full)
        #expect(config.name == "m")
        #expect(config.maximumBatchSize == 16)
        #expect(config.inputs.map(\.name) == ["x"])
        #expect(config.inputs.first?.elementType == .float32)
        #expect(config.inputs.first?.dims == [-1])
        #expect(config.outputs.first?.labelFile == "labels.txt")
        #expect(config.versionPolicy == .specific([1, 3]))
        #expect(config.instanceCount == 3)
        #expect(config.modelFile == "net.onnx")
        #expect(config.batching?.preferredRows == [4, 8])
        #expect(config.batching?.maximumDelayMicroseconds == 1500)
        #expect(config.batching?.maximumQueue == 32)
        #expect(config.batching?.timeoutMicroseconds == 250_000)
        #expect(config.cachesAnswers == true)
        #expect(config.warmUp == .random)
        #expect(config.obstacles == [] && config.ignored == [])
        #expect(try TritonModelConfig.parse(json: Array(Self.json.utf8), source: "config") == config)
    }

    @Test(
        "names what is wrong with its line, and what was probably meant",
        arguments: [
            ("name: \"m\"\nmax_batchsize: 8", "config.pbtxt:2: unknown field 'max_batchsize'", "'max_batch_size'"),
            ("dynamic_batching {\n max_delay: 1 }", "config.pbtxt:2: unknown field 'max_delay'", "'dynamic_batching'"),
            ("max_batch_size: -1", "config.pbtxt:1", "expected 0 to"),
            ("max_batch_size: 1\nmax_batch_size: 2", "config.pbtxt:2", "twice"),
            ("max_batch_size: \"8\"", "config.pbtxt:1", "expected a whole number"),
            ("input { name: 'x' data_type: TYPE_STRNG }", "config.pbtxt:1", "'TYPE_STRING'"),
            ("input { dims: 1 }", "config.pbtxt:1", "'name'"),
            ("input { name: 'x' dims: -2 }", "config.pbtxt:1", "'dims'"),
            ("input { name: 'x' }\ninput { name: 'x' }", "config.pbtxt:2", "twice"),
            ("version_policy { latest { } all { } }", "config.pbtxt:1", "latest and all"),
            ("version_policy { specific { } }", "config.pbtxt:1", "'versions'"),
            ("dynamic_batching { }\nsequence_batching { }", "config.pbtxt:2", "exclude"),
            ("max_batch_size: 4 dynamic_batching { preferred_batch_size: 8 }", "config.pbtxt:1", "max_batch_size (4)"),
            ("default_model_filename: '../m.onnx'", "config.pbtxt:1", "name of a file"),
            ("instance_group { count: 2000 }", "config.pbtxt:1", "expected 0 to 1024"),
            ("response_cache { enable: yes }", "config.pbtxt:1", "true or false"),
            ("name: \"m", "config.pbtxt: ", "line 1, column 7"),
            ("name: { }", "config.pbtxt:1", "a text in quotes"), ("input: 5", "config.pbtxt:1", "a message"),
            ("instance_group { count: 99999999999999999999 }", "config.pbtxt:1", "a whole number"),
        ])
    func wrong(text: String, place: String, expected: String) {
        let error = #expect(throws: ControlError.self) { try Self.parse(text) }
        #expect(error?.code == .invalidRequest)
        #expect(error?.message.hasPrefix(place) == true, "\(error?.message ?? "")")
        #expect(error?.message.contains(expected) == true, "\(error?.message ?? "")")
    }

    @Test(
        "tells JSON that cannot be a configuration",
        arguments: ["", "[]", "3", "{", "{\"max_batch_size\": 1.5}", "{\"nmae\": \"m\"}", "{\"input\": {\"name\": 1}}"]
            + [String(repeating: "{\"a\":", count: 100) + "1" + String(repeating: "}", count: 100)])
    func wrongJSON(text: String) {
        let error = #expect(throws: ControlError.self) {
            try TritonModelConfig.parse(json: Array(text.utf8), source: "config")
        }
        #expect(error?.code == .invalidRequest)
    }

    @Test(
        "names the fields without which the model cannot be served as it is",
        arguments: [
            ("platform: \"tensorrt_plan\"", "platform"), ("backend: \"python\"", "backend"),
            (
                "platform: \"ensemble\" ensemble_scheduling { step { model_name: 'a' model_version: -1 } }",
                "ensemble_scheduling"
            ),
            ("sequence_batching { max_sequence_idle_microseconds: 5 direct { } }", "sequence_batching"),
            ("model_transaction_policy { decoupled: true }", "model_transaction_policy.decoupled"),
            ("batch_input { kind: BATCH_ELEMENT_COUNT }", "batch_input"),
            ("model_repository_agents { agents { name: 'checksum' } }", "model_repository_agents"),
            ("input { name: 'x' dims: 1 reshape { shape: [] } }", "reshape of input 'x'"),
            ("input { name: 'x' dims: 1 allow_ragged_batch: true }", "allow_ragged_batch of input 'x'"),
        ])
    func obstacles(text: String, field: String) throws {
        let config = try Self.parse(text)
        #expect(config.obstacles.map(\.field) == [field])
        #expect(config.obstacles.allSatisfy { $0.reason.contains("not mapped yet") })
    }

    @Test(
        "names the settings that the model is served without",
        arguments: [
            ("instance_group { kind: KIND_GPU count: 2 gpus: [0] }", ["instance_group.kind", "instance_group.gpus"]),
            ("instance_group { rate_limiter { priority: 1 } }", ["instance_group.rate_limiter"]),
            (
                "dynamic_batching { priority_levels: 2 default_priority_level: 1 priority_queue_policy { key: 1 } }",
                [
                    "dynamic_batching.priority_levels", "dynamic_batching.default_priority_level",
                    "dynamic_batching.priority_queue_policy",
                ]
            ),
            ("dynamic_batching { preserve_ordering: true }", ["dynamic_batching.preserve_ordering"]),
            (
                "dynamic_batching { default_queue_policy { timeout_action: DELAY default_timeout_microseconds: 5 } }",
                ["dynamic_batching.default_queue_policy.timeout_action"]
            ),
            (
                "optimization { graph { level: 1 } cuda { graphs: true } priority: PRIORITY_MAX }",
                ["optimization.graph", "optimization.cuda", "optimization.priority"]
            ),
            ("optimization { priority: PRIORITY_DEFAULT input_pinned_memory { enable: true } }", []),
            ("parameters { key: 'a' value { string_value: 'b' } }", ["parameters"]),
            (
                "metric_tags { key: 'a' value: 'b' } cc_model_filenames { key: '8.0' value: 'm' }",
                ["cc_model_filenames", "metric_tags"]
            ),
            (
                "model_warmup { inputs { key: 'x' value { input_data_file: 'f' } } }",
                ["model_warmup.inputs.input_data_file"]
            ),
        ] as [(String, [String])])
    func ignored(text: String, fields: [String]) throws {
        let config = try Self.parse(text)
        #expect(config.ignored.map(\.field) == fields)
        #expect(config.obstacles == [])
        #expect(config.instanceCount == nil)
    }

    @Test("tells no more problems than people read, however many a text has")
    func manyProblems() {
        let text = (0..<50_000).map { "f\($0): 1\n" }.joined()
        let error = #expect(throws: ControlError.self) { try Self.parse(text) }
        // 20 of them, and how many more there are.
        #expect(error?.message.split(separator: "\n").count == 21)
    }

    @Test("answers damaged configurations with an error or a value, never with a trap")
    func mutated() throws {
        try mutate(seeds: [Array(Self.full.utf8)], iterations: 500, seed: 7) {
            _ = try TritonModelConfig.parse(text: $0, file: "config.pbtxt")
        }
        try mutate(seeds: [Array(Self.json.utf8)], iterations: 500, seed: 8) {
            _ = try TritonModelConfig.parse(json: $0, source: "config")
        }
    }
}
