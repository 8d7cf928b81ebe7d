// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayWire
import Testing

@Suite("The V2 routes beside inference")
struct V2RoutesTests {
    private static let signature = ModelSignature(
        inputs: [
            TensorSpec(name: "x", elementType: .float32, shape: [.symbolic("n"), .fixed(4)]),
            TensorSpec(name: "s", elementType: .bytes, shape: nil, isOptional: true),
        ],
        outputs: [TensorSpec(name: "y", elementType: .int64, shape: [.dynamic])])

    @Test("server metadata names only what is implemented")
    func server() {
        #expect(
            text(V2ServerMetadata(version: "1.2.3").encode())
                == joined(
                    #"{"name":"slipway","version":"1.2.3","extensions":["classification","model_repository","#,
                    #""schedule_policy","model_configuration","binary_tensor_data","parameters","statistics","trace","#,
                    #""logging"]}"#))
    }

    @Test("health bodies satisfy KServe's clients")
    func health() {
        #expect(text(V2Health.live(true)) == #"{"live":true}"#)
        #expect(text(V2Health.ready(false)) == #"{"ready":false}"#)
        #expect(text(V2Health.modelReady(name: "m", true)) == #"{"name":"m","ready":true}"#)
    }

    @Test("model metadata writes varying dimensions as -1")
    func metadata() {
        let metadata = V2ModelMetadata(
            name: "m", versions: [1, 3], platform: "onnxruntime_onnx", signature: Self.signature)
        #expect(
            text(metadata.encode())
                == joined(
                    #"{"name":"m","versions":["1","3"],"platform":"onnxruntime_onnx","#,
                    #""inputs":[{"name":"x","datatype":"FP32","shape":[-1,4]},"#,
                    #"{"name":"s","datatype":"BYTES","shape":[-1]}],"#,
                    #""outputs":[{"name":"y","datatype":"INT64","shape":[-1]}]}"#))
    }

    @Test("model configuration uses the protobuf's names")
    func configuration() {
        var configuration = V2ModelConfiguration(
            name: "m", platform: "onnxruntime_onnx", backend: "onnxruntime", signature: Self.signature,
            instanceCount: 2, versions: [3])
        let whole = text(configuration.encode())
        #expect(
            whole.hasPrefix(
                joined(
                    #"{"name":"m","platform":"onnxruntime_onnx","backend":"onnxruntime","#,
                    #""version_policy":{"specific":{"versions":[3]}},"max_batch_size":0,"#,
                    #""input":[{"name":"x","data_type":"TYPE_FP32","dims":[-1,4],"format":"FORMAT_NONE","#,
                    #""allow_ragged_batch":false,"optional":false,"is_shape_tensor":false},"#)))
        #expect(whole.contains(#""data_type":"TYPE_STRING""#))
        #expect(whole.contains(#""instance_group":[{"name":"m_0","kind":"KIND_CPU","count":2,"gpus":[]}]"#))
        #expect(whole.contains(#""model_transaction_policy":{"decoupled":false}"#))
        configuration.maximumBatchSize = 8
        #expect(text(configuration.encode()).contains(#""data_type":"TYPE_FP32","dims":[4]"#))
    }

    @Test("statistics are numbers, all eight parts there")
    func statistics() {
        var model = ModelStatistics(name: "m", version: 3)
        model.lastInference = 1_700_000_000_000
        model.inferenceCount = 8
        model.executionCount = 2
        model.success.add(.milliseconds(3), times: 2)
        model.batches = [.init(batchSize: 4, computeInfer: StatisticDuration(count: 2, nanoseconds: 9))]
        model.memory = [.init(kind: "CPU", id: 0, byteCount: 77)]
        let zero = #"{"count":0,"ns":0}"#
        #expect(
            text(ModelStatistics.encode([model]))
                == joined(
                    #"{"model_stats":[{"name":"m","version":"3","last_inference":1700000000000,"inference_count":8,"#,
                    #""execution_count":2,"inference_stats":{"success":{"count":2,"ns":3000000},"fail":\#(zero),"#,
                    #""queue":\#(zero),"compute_input":\#(zero),"compute_infer":\#(zero),"compute_output":\#(zero),"#,
                    #""cache_hit":\#(zero),"cache_miss":\#(zero)},"response_stats":{},"batch_stats":[{"batch_size":4,"#,
                    #""compute_input":\#(zero),"compute_infer":{"count":2,"ns":9},"compute_output":\#(zero)}],"#,
                    #""memory_usage":[{"type":"CPU","id":0,"byte_size":77}]}]}"#))
        #expect(text(ModelStatistics.encode([])) == #"{"model_stats":[]}"#)
    }

    @Test("the repository index")
    func index() throws {
        let entries = [
            V2RepositoryEntry(name: "a", version: 2, state: .ready),
            V2RepositoryEntry(name: "b", version: nil, state: .unavailable, reason: "no \"file\""),
        ]
        #expect(
            text(V2RepositoryEntry.encode(entries))
                == joined(
                    #"[{"name":"a","version":"2","state":"READY","reason":""},"#,
                    #"{"name":"b","state":"UNAVAILABLE","reason":"no \"file\""}]"#))
    }

    private func with<R>(_ body: String, _ decode: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try Array(body.utf8).withUnsafeBytes(decode)
    }

    @Test("control bodies may be empty")
    func controlBodies() throws {
        #expect(try with("", V2ControlRequests.decodeIndex) == false)
        #expect(try with("{}", V2ControlRequests.decodeIndex) == false)
        #expect(try with(#"{"ready":true}"#, V2ControlRequests.decodeIndex) == true)
        #expect(try with("", V2ControlRequests.decodeParameters).isEmpty)
        #expect(
            try with(#"{"parameters":{"unload_dependents":true,"config":"{}"}}"#, V2ControlRequests.decodeParameters)
                == ["unload_dependents": .bool(true), "config": .string("{}")])
        #expect(try with("", V2ControlRequests.decodeLogSettings).isEmpty)
        #expect(
            try with(#"{"log_info":false,"log_verbose_level":1}"#, V2ControlRequests.decodeLogSettings)
                == ["log_info": .bool(false), "log_verbose_level": .int(1)])
        let trace = try with(
            #"{"trace_level":["A","B"],"trace_rate":"5","trace_count":-1,"trace_file":null}"#,
            V2ControlRequests.decodeTraceSettings)
        #expect(trace == ["trace_level": ["A", "B"], "trace_rate": ["5"], "trace_count": ["-1"], "trace_file": nil])
        #expect(trace.keys.contains("trace_file"))
    }

    @Test(
        "bad control bodies are refused",
        arguments: ["[]", "{", #"{"ready":1}"#, #"{"ready":true,"ready":true}"#, #"{"ready":true} x"#])
    func badControlBodies(body: String) {
        #expect(throws: WireError.self) { try with(body, V2ControlRequests.decodeIndex) }
    }

    @Test("settings are written in order, trace values as text")
    func settings() {
        #expect(
            text(V2Settings.encodeTrace([("trace_level", ["OFF"]), ("trace_rate", ["1000"]), ("trace_file", [""])]))
                == #"{"trace_level":["OFF"],"trace_rate":"1000","trace_file":""}"#)
        #expect(
            text(V2Settings.encodeLogging([("log_file", .string("")), ("log_info", .bool(true)), ("v", .int(0))]))
                == #"{"log_file":"","log_info":true,"v":0}"#)
    }
}
