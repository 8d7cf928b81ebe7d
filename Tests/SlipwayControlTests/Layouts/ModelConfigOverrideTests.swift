// SPDX-License-Identifier: Apache-2.0

import SlipwayControl
import SlipwayCore
import SlipwayTestKit
import SlipwayWire
import Testing

@Suite("Triton settings of endpoints")
struct ModelConfigOverrideTests {
    private static func config(_ text: String) throws -> TritonModelConfig {
        try TritonModelConfig.parse(text: Array(text.utf8), file: "config.pbtxt")
    }

    private static func spec(_ text: String, from start: EndpointSpec? = nil) throws -> EndpointSpec {
        var spec = start ?? EndpointSpec(primary: VersionID(model: "m", number: 1))
        ModelConfigOverride(try config(text)).apply(to: &spec)
        return spec
    }

    @Test("become the endpoint's own where there are such")
    func mapped() throws {
        let spec = try Self.spec(TritonModelConfigTests.full)
        #expect(spec.instances == 3)
        #expect(spec.cacheBytes == ModelConfigOverride.usualCacheBytes)
        #expect(spec.lifecycle.warmUp == .random)
        #expect(spec.batching.isEnabled == true)
        #expect(spec.batching.maximumRows == 16)
        #expect(spec.batching.preferredRows == [4, 8])
        #expect(spec.batching.maximumDelayMs == 1.5)
        #expect(spec.limits.deadlineMs == 250)
        // 32 that wait, and 3 instances with 16 rows each that run.
        #expect(spec.limits.requests == 32 + 3 * 16)
        let signature = ModelSignature(
            inputs: [TensorSpec(name: "x", elementType: .float32, shape: [.dynamic])], outputs: [])
        #expect(EndpointCheck(signatures: [spec.primary: signature]).problems(in: spec).isEmpty)
    }

    @Test("of batching follow max_batch_size")
    func batching() throws {
        let alone = try Self.spec("max_batch_size: 0 dynamic_batching { max_queue_delay_microseconds: 5 }")
        #expect(alone.batching.isEnabled == false)
        #expect(alone.batching.maximumDelayMs == nil)
        let measured = try Self.spec("max_batch_size: 4")
        #expect(measured.batching.isEnabled == nil)
        #expect(measured.batching.maximumRows == 4)
        #expect(try Self.spec("dynamic_batching { }").batching.isEnabled == true)
    }

    @Test("that are not named stay as they are")
    func unnamed() throws {
        let start = try Self.spec(TritonModelConfigTests.full)
        #expect(try Self.spec("name: \"m\"", from: start) == start)
        #expect(try Self.spec("response_cache { enable: false }", from: start).cacheBytes == nil)
    }

    private static let signature = ModelSignature(
        inputs: [TensorSpec(name: "x", elementType: .float32, shape: [.symbolic("b"), .fixed(3)])],
        outputs: [TensorSpec(name: "y", elementType: .int64, shape: [.symbolic("b")])])

    @Test(
        "fit the model whose inputs and outputs they describe",
        arguments: [
            "", "max_batch_size: 8", "input { name: 'x' data_type: TYPE_FP32 dims: [-1, 3] }",
            "max_batch_size: 8 input { name: 'x' data_type: TYPE_FP32 dims: 3 } output { name: 'y' dims: [] }",
            "input { name: 'x' dims: [5, -1] }", "output { name: 'y' data_type: TYPE_INT64 dims: -1 }",
        ])
    func fits(text: String) throws {
        #expect(ModelConfigOverride(try Self.config(text)).mismatches(with: Self.signature) == [])
    }

    @Test(
        "that contradict the model are told",
        arguments: [
            ("input { name: 'z' }", "no input 'z'"), ("input { name: 'x' data_type: TYPE_FP64 }", "FP64"),
            ("input { name: 'x' dims: [3] }", "dims [3] in the configuration and [b,3]"),
            ("input { name: 'x' dims: [-1, 4] }", "[-1, 4]"),
            ("max_batch_size: 8 input { name: 'x' dims: [-1, 3] }", "after the batch"),
            ("output { name: 'x' dims: 1 }", "no output 'x'"), ("output { name: 'y' data_type: TYPE_INT32 }", "INT32"),
            ("input { name: 'z' }", "needs input 'x'"),
        ])
    func contradicts(text: String, expected: String) throws {
        let found = ModelConfigOverride(try Self.config(text)).mismatches(with: Self.signature)
        #expect(found.contains { $0.contains(expected) }, "\(found)")
    }

    @Test("a batch needs a first dimension that may vary")
    func fixedBatch() throws {
        let signature = ModelSignature(
            inputs: [TensorSpec(name: "x", elementType: .float32, shape: [.fixed(1), .fixed(3)])], outputs: [])
        let found = ModelConfigOverride(try Self.config("max_batch_size: 8")).mismatches(with: signature)
        #expect(found == ["max_batch_size is above 0, but 'x' has a fixed first dimension of 1"])
    }

    @Test("come into force with a load that brings them, and stay with the next plain deployment")
    func load() async throws {
        let home = try TestHome()
        try await home.importVersions(3)
        let config = #"{"max_batch_size": 8, "instance_group": [{"count": 2}], "parameters": {}}"#
        let first = try await ConfigOverrideLoad.run("m", json: config, admin: home.control)
        #expect(first.revision.spec?.primary.number == 3)
        #expect(first.revision.spec?.instances == 2)
        #expect(first.revision.spec?.batching.maximumRows == 8)
        let policy = #"{"version_policy": {"specific": {"versions": [1, 2]}}}"#
        let second = try await ConfigOverrideLoad.run("m", json: policy, admin: home.control)
        #expect(second.revision.spec?.primary.number == 2)
        #expect(second.revision.spec?.canaries.map(\.version.number) == [1])
        #expect(second.revision.spec?.canaries.map(\.share) == [Share.none])
        #expect(second.revision.spec?.instances == 2)
        let plain = try await home.control.deploy(DeployRequest(reference: "m"), to: "m")
        #expect(plain.revision.spec?.instances == 2)
        #expect(plain.revision.spec?.canaries == [])
    }

    @Test(
        "that cannot be overridden refuse the load by name",
        arguments: [
            (#"{"platform": "tensorrt_plan"}"#, "platform"), (#"{"name": "other"}"#, "name"),
            (#"{"optimization": {"graph": {"level": 1}}}"#, "optimization.graph"),
            (#"{"parameters": {"a": {"string_value": "b"}}}"#, "parameters"),
            (#"{"input": [{"name": "x", "data_type": "TYPE_INT8", "dims": [-1, -1]}]}"#, "INT8"),
            (#"{"output": [{"name": "y", "dims": [-1, -1], "label_filename": "l"}]}"#, "label_filename"),
            (#"{"default_model_filename": "other.onnx"}"#, "default_model_filename"),
            (#"{"version_policy": {"specific": {"versions": [7]}}}"#, "7"), (#"{"max_batch": 1}"#, "max_batch_size"),
        ])
    func refusedLoad(config: String, name: String) async throws {
        let home = try TestHome()
        try await home.importVersions(1)
        let error = await #expect(throws: ControlError.self) {
            try await ConfigOverrideLoad.run("m", json: config, admin: home.control)
        }
        #expect(error?.message.contains(name) == true, "\(error?.message ?? "")")
        #expect(try await home.control.endpoints().isEmpty)
    }

    @Test("of a configuration as this server tells it change nothing but what they name")
    func ownConfiguration() async throws {
        let home = try TestHome()
        try await home.importVersions(1)
        let version = try await home.control.version(ModelReference(name: "m", selector: .newest))
        let own = V2ModelConfiguration(
            name: "m", platform: "onnxruntime_onnx", backend: "onnxruntime", maximumBatchSize: 4,
            signature: version.signature, instanceCount: 1, versions: [1])
        let text = String(decoding: own.encode(), as: UTF8.self)
        let endpoint = try await ConfigOverrideLoad.run("m", json: text, admin: home.control)
        #expect(endpoint.revision.spec?.batching.maximumRows == 4)
        #expect(endpoint.revision.spec?.instances == 1)
    }
}
