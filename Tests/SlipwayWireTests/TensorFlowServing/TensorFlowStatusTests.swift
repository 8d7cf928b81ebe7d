// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayWire
import Testing

@Suite("What TensorFlow Serving, KServe and OpenAI clients are told of models")
struct TensorFlowStatusTests {
    private static let statuses = [
        TensorFlowVersionStatus(version: 2, state: .loading),
        TensorFlowVersionStatus(version: 1, state: .end, failure: "no \"engine\""),
    ]

    @Test("status writes versions as texts and errors by name")
    func status() {
        #expect(
            text(TensorFlowVersionStatus.encode(Self.statuses))
                == joined(
                    #"{"model_version_status":[{"version":"2","state":"LOADING","#,
                    #""status":{"error_code":"OK","error_message":""}},{"version":"1","state":"END","#,
                    #""status":{"error_code":"UNKNOWN","error_message":"no \"engine\""}}]}"#))
    }

    @Test("states have the names of the protocol")
    func states() {
        let states: [TensorFlowVersionStatus.State] = [.unknown, .start, .loading, .available, .unloading, .end]
        let names = states.map { text(TensorFlowVersionStatus.encode([.init(version: 1, state: $0)])) }
        for (json, name) in zip(names, ["UNKNOWN", "START", "LOADING", "AVAILABLE", "UNLOADING", "END"]) {
            #expect(json.contains("\"state\":\"\(name)\""))
        }
    }

    @Test("metadata is a signature definition, varying dimensions -1")
    func metadata() {
        let signature = ModelSignature(
            inputs: [
                TensorSpec(name: "x", elementType: .float32, shape: [.symbolic("n"), .fixed(4)]),
                TensorSpec(name: "s", elementType: .bytes, shape: nil),
            ], outputs: [TensorSpec(name: "y", elementType: .bfloat16, shape: [])])
        #expect(
            text(TensorFlowModelMetadata(name: "m", version: 3, signature: signature).encode())
                == joined(
                    #"{"model_spec":{"name":"m","signature_name":"","version":"3"},"#,
                    #""metadata":{"signature_def":{"signature_def":{"serving_default":{"inputs":{"#,
                    #""x":{"dtype":"DT_FLOAT","tensor_shape":{"dim":[{"size":"-1","name":""},"#,
                    #"{"size":"4","name":""}],"unknown_rank":false},"name":"x:0"},"#,
                    #""s":{"dtype":"DT_STRING","tensor_shape":{"dim":[],"unknown_rank":true},"name":"s:0"}},"#,
                    #""outputs":{"y":{"dtype":"DT_BFLOAT16","tensor_shape":{"dim":[],"unknown_rank":false},"#,
                    #""name":"y:0"}},"method_name":"tensorflow/serving/predict"}}}}}"#))
    }

    @Test("one model answers three kinds of clients")
    func merged() {
        let ready = ModelListing(
            name: "m", isReady: true, versions: [.init(version: 1, state: .available)], createdAt: 1_700_000_000)
        #expect(
            text(ready.encode())
                == joined(
                    #"{"model_version_status":[{"version":"1","state":"AVAILABLE","#,
                    #""status":{"error_code":"OK","error_message":""}}],"name":"m","ready":true,"#,
                    #""id":"m","object":"model","created":1700000000,"owned_by":"slipway"}"#))
        let waiting = ModelListing(name: "m", isReady: false, versions: [], createdAt: 0)
        let failure = OpenAIFailure(WireError(.unsupported, "not yet"))
        #expect(
            text(waiting.encode(failure: failure)).hasPrefix(
                #"{"error":{"message":"not yet","type":"not_supported_error","param":null,"code":null},"#
                    + #""model_version_status":[],"#))
    }

    @Test("the list of models answers KServe and OpenAI")
    func list() {
        let model = ModelListing(name: "m", isReady: true, versions: [], createdAt: 5)
        #expect(
            text(ModelListing.encode([model]))
                == joined(
                    #"{"models":["m"],"object":"list","#,
                    #""data":[{"id":"m","object":"model","created":5,"owned_by":"slipway"}]}"#))
        #expect(text(ModelListing.encode([])) == #"{"models":[],"object":"list","data":[]}"#)
        #expect(text(ModelListing.encode(names: ["a", "b"])) == #"{"models":["a","b"]}"#)
    }
}
