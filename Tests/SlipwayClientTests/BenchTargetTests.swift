// SPDX-License-Identifier: Apache-2.0

import SlipwayClient
import SlipwayCore
import Testing

@Suite struct BenchTargetTests {
    private let home: ServerAddress

    init() throws { home = try ServerAddress(parsing: "http://home:1") }

    @Test("a name is an endpoint of the server at hand")
    func name() throws {
        #expect(
            try BenchTarget(parsing: "fraud", server: home) == BenchTarget(server: home, endpoint: "fraud"))
    }

    @Test(
        "a URL names server, model and version",
        arguments: [
            ("http://h:8000/v2/models/a%20b", "http://h:8000", "a b", nil),
            ("http://h:8000/v2/models/m/infer", "http://h:8000", "m", nil),
            ("http://h/x/v2/models/m/versions/3/infer", "http://h:80/x", "m", 3),
        ] as [(String, String, String, Int?)])
    func url(text: String, server: String, endpoint: String, version: Int?) throws {
        let target = try BenchTarget(parsing: text, server: home)
        #expect(target.server.description == server)
        #expect(target.endpoint == endpoint)
        #expect(target.version == version)
    }

    @Test(
        "URLs that name no model are refused",
        arguments: [
            "http://h:1", "http://h/v2/models/", "http://h/v2/models/m/versions", "http://h/v2/models/m/versions/x",
            "http://h/v2/models/m/stats", "http://h/v2/models/%zz", "http://h/v2/models/%ff",
        ])
    func refused(text: String) {
        #expect(throws: ClientError.self) { try BenchTarget(parsing: text, server: home) }
    }

    @Test("a run asks for the metadata once and then sends what fits it", arguments: [true, false])
    func run(isBinary: Bool) async throws {
        let metadata = #"{"name":"m","inputs":[{"name":"x","datatype":"FP32","shape":[-1,2]}],"outputs":[]}"#
        try await StubServer.run(
            keeping: true, { $0.method == "GET" ? .json(metadata) : .json("{}") }
        ) { server in
            let plan = BenchPlan(load: .open(rate: 100, seed: 1), duration: .milliseconds(200), warmUp: .zero)
            let generator = try await LoadGenerator(
                target: BenchTarget(server: server.address, endpoint: "m"),
                inputs: .sample(SampleInputs(shapes: ["x": [3, 2]], content: .zero)), isBinary: isBinary, plan: plan)
            let report = try await generator.run()
            let received = server.received
            #expect(received.map(\.uri).prefix(2) == ["/v2/models/m", "/v2/models/m/infer"])
            #expect(received.count == 1 + report.successes)
            let data = #""data":[0.0,0.0,0.0,0.0,0.0,0.0]"#
            let body = try #require(received.last)
            #expect(body.text.contains(data) != isBinary)
            #expect(body.body.count == report.requestBodyBytes)
        }
    }
}
