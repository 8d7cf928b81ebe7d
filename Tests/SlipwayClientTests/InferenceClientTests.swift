// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1
import SlipwayClient
import SlipwayCore
import Testing

@Suite struct InferenceClientTests {
    private static func inputs() throws -> NamedTensors {
        var inputs = NamedTensors()
        inputs.append(try Tensor([1.5, -2] as [Float], shape: [1, 2]), named: "x")
        inputs.append(try Tensor(["a\"b", "é\n"], shape: [2]), named: "s")
        return inputs
    }

    @Test("writes JSON requests")
    func jsonBody() throws {
        let body = try V2RequestBody(inputs: Self.inputs(), outputs: ["y"], isBinary: false)
        #expect(body.headerLength == nil)
        #expect(
            String(decoding: body.bytes, as: UTF8.self)
                == #"{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[1.5,-2.0]},"#
                + #"{"name":"s","shape":[2],"datatype":"BYTES","data":["a\"b","é\u000a"]}],"#
                + #""outputs":[{"name":"y","parameters":{"binary_data":false}}]}"#)
    }

    @Test("writes binary requests")
    func binaryBody() throws {
        let inputs = try Self.inputs()
        let body = try V2RequestBody(inputs: inputs, isBinary: true)
        let header =
            #"{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","parameters":{"binary_data_size":8}},"#
            + #"{"name":"s","shape":[2],"datatype":"BYTES","parameters":{"binary_data_size":14}}],"#
            + #""parameters":{"binary_data_output":true}}"#
        #expect(body.headerLength == header.utf8.count)
        #expect(body.bytes.starts(with: header.utf8))
        #expect(body.bytes.count == header.utf8.count + inputs.byteCount)
    }

    @Test("refuses in JSON what JSON cannot hold")
    func unwritable() throws {
        var half = NamedTensors()
        half.append(try Tensor([1] as [Float16], shape: [1]), named: "x")
        #expect(throws: ClientError.self) { try V2RequestBody(inputs: half, isBinary: false) }
        var bytes = NamedTensors()
        let storage = BytesLayout.pack([[0xFF]])
        bytes.append(try Tensor(elementType: .bytes, shape: [1], storage: storage), named: "x")
        #expect(throws: ClientError.self) { try V2RequestBody(inputs: bytes, isBinary: false) }
    }

    @Test("reads replies with tensors in the JSON, nested or flat")
    func jsonReply() async throws {
        let text = #"""
            {"model_name":"m","model_version":"3","outputs":[
            {"name":"y","datatype":"FP32","shape":[2,2],"data":[[1,2.5],[3,-4e2]]},
            {"name":"i","datatype":"INT64","shape":[2],"data":[9223372036854775807,-1]},
            {"name":"u","datatype":"UINT64","shape":[1],"data":[18446744073709551615]},
            {"name":"b","datatype":"BOOL","shape":[2],"data":[true,false]},
            {"name":"s","datatype":"BYTES","shape":[1],"data":["x"]}]}
            """#
        try await StubServer.run({ _ in .json(text) }) { server in
            let reply = try await InferenceClient(server: server.address).infer("m", inputs: Self.inputs())
            #expect(reply.version == "3")
            #expect(reply.outputs["y"]?.values(as: Float.self) == [1, 2.5, 3, -400])
            #expect(reply.outputs["i"]?.values(as: Int64.self) == [.max, -1])
            #expect(reply.outputs["u"]?.values(as: UInt64.self) == [.max])
            #expect(reply.outputs["b"]?.values(as: Bool.self) == [true, false])
            #expect(reply.outputs["s"]?.strings == ["x"])
        }
    }

    @Test("reads replies with tensors after the JSON")
    func binaryReply() async throws {
        let head = #"{"outputs":[{"name":"y","datatype":"UINT8","shape":[3],"parameters":{"binary_data_size":3}}]}"#
        let headers = [("Inference-Header-Content-Length", String(head.utf8.count)), ("Server-Timing", "queue;dur=1")]
        let answer = StubReply(headers: .init(headers), body: Array(head.utf8) + [7, 8, 9])
        try await StubServer.run(keeping: true, { _ in answer }) { server in
            let reply = try await InferenceClient(server: server.address, token: "k")
                .infer("a b", version: 2, inputs: Self.inputs())
            #expect(reply.outputs["y"]?.values(as: UInt8.self) == [7, 8, 9])
            #expect(reply.serverTiming == "queue;dur=1")
            let request = try #require(server.received.first)
            #expect(request.uri == "/v2/models/a%20b/versions/2/infer")
            #expect(request.headers.first(name: "authorization") == "Bearer k")
            #expect(request.headers.first(name: "inference-header-content-length") != nil)
        }
    }

    @Test(
        "replies that contradict themselves are refused",
        arguments: [
            "", "[]", #"{"outputs":[{"name":"y","datatype":"FP99","shape":[1],"data":[1]}]}"#,
            #"{"outputs":[{"name":"y","datatype":"FP32","shape":[2],"data":[1]}]}"#,
            #"{"outputs":[{"name":"y","datatype":"UINT8","shape":[1],"data":[256]}]}"#,
            #"{"outputs":[{"name":"y","datatype":"FP32","shape":[1],"parameters":{"binary_data_size":4}}]}"#,
            #"{"outputs":[{"name":"y","datatype":"FP32","shape":[1],"parameters":{"binary_data_size":-4}}]}"#,
            #"{"outputs":[{"name":"y","datatype":"FP32","shape":[-1],"data":[1]}]}"#,
        ])
    func badReplies(text: String) async throws {
        try await StubServer.run({ _ in .json(text) }) { server in
            let error = try await #require(throws: ClientError.self) {
                try await InferenceClient(server: server.address).infer("m", inputs: Self.inputs())
            }
            #expect(error.code == .invalidReply)
        }
    }

    @Test(
        "a refusal carries the server's message and its category",
        arguments: [
            (404, ErrorCategory.notFound), (400, .invalidInput), (503, .unavailable), (500, .internal),
        ])
    func refusal(status: Int, category: ErrorCategory) async throws {
        try await StubServer.run({ _ in .json(#"{"error":"no such model"}"#, status: status) }) { server in
            let error = try await #require(throws: ClientError.self) {
                try await InferenceClient(server: server.address).metadata(of: "m")
            }
            #expect(error.code == .refused)
            #expect(error.category == category)
            #expect(error.message == "no such model")
        }
    }

    @Test("a server that is not ready is no error")
    func readiness() async throws {
        try await StubServer.run({ StubReply(status: $0.uri == "/v2/health/ready" ? 200 : 400) }) { server in
            let client = InferenceClient(server: server.address)
            let (server, model) = try await (client.isReady(), client.isReady(endpoint: "m"))
            #expect(server)
            #expect(!model)
        }
    }

    @Test("reads metadata and statistics")
    func facts() async throws {
        let metadata = #"""
            {"name":"m","versions":["1"],"platform":"onnx","inputs":[{"name":"x","datatype":"FP32","shape":[-1,4]}],
            "outputs":[]}
            """#
        let total = #"{"count":2,"ns":10}"#
        let totals = ["success", "fail", "queue", "compute_input", "compute_infer", "compute_output"]
            .map { "\"\($0)\":\(total)" }.joined(separator: ",")
        let statistics =
            #"{"model_stats":[{"name":"m","version":"1","last_inference":5,"inference_count":3,"execution_count":2,"#
            + #""inference_stats":{\#(totals)},"batch_stats":[]}]}"#
        try await StubServer.run({ .json($0.uri.hasSuffix("/stats") ? statistics : metadata) }) { server in
            let client = InferenceClient(server: server.address)
            let inputs = try await client.metadata(of: "m").inputs
            #expect(inputs.first?.shape == [-1, 4])
            let entry = try #require(try await client.statistics(of: "m").first)
            #expect(entry.inferenceCount == 3)
            #expect(entry.inferenceStats.computeInfer.ns == 10)
        }
    }
}
