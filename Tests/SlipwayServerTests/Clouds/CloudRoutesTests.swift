// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import SlipwayControl
import SlipwayRegistry
import SlipwayServer
import SlipwayTestKit
import Testing

@Suite("Routes of clouds and of TorchServe")
struct CloudRoutesTests {
    private static let base =
        ["/", "/v2/health/ready", "/predict", "/metrics"].map { path in
            Route(path == "/predict" ? .post : .get, path, Route.Documentation(summary: "base", tag: "T")) { _ in .empty
            }
        } + [
            Route(.post, "/v1/models/{model}:predict", Route.Documentation(summary: "base", tag: "T")) { _ in .empty },
            Route(.post, "/v2/models/{model}/infer", Route.Documentation(summary: "base", tag: "T")) { _ in .empty },
        ]

    private func routes(_ environment: [String: String]) -> [Route] {
        let control = HomeControl(
            store: InMemoryMetadataStore(), artifacts: InMemoryArtifactStore(scratch: "/nowhere"), engines: [],
            clock: ManualWallClock().reading)
        return CloudRoutes(
            contracts: CloudContracts(environment: environment), service: ServingRig().service, admin: control,
            allowsControl: false
        ).added(to: Self.base)
    }

    private func tag(_ method: HTTPRequest.Method, _ path: String, _ routes: [Route]) -> String? {
        guard case .found(let route, _) = RouteTable(routes).match(method, path[...]) else { return nil }
        return route.documentation.tag
    }

    @Test("/ping is SageMaker's where SageMaker calls, else TorchServe's")
    func ping() {
        #expect(tag(.get, "/ping", routes([:])) == "TorchServe")
        #expect(tag(.get, "/ping", routes(["SAGEMAKER_BIND_TO_PORT": "1"])) == "SageMaker")
        #expect(tag(.post, "/invocations", routes([:])) == nil)
        #expect(tag(.post, "/invocations", routes(["SLIPWAY_CLOUD": "sagemaker"])) == "SageMaker")
    }

    @Test("/models is SageMaker's where it loads models, else TorchServe's")
    func models() {
        let many = routes(["SAGEMAKER_MULTI_MODEL": "true"])
        for (method, path) in [(HTTPRequest.Method.get, "/models"), (.post, "/models"), (.delete, "/models/m")] {
            #expect(tag(method, path, many) == "SageMaker")
            #expect(tag(method, path, routes([:])) == "TorchServe")
        }
        #expect(tag(.post, "/models/m/invoke", many) == "SageMaker")
    }

    @Test("Vertex AI's routes lie where it says, V2 and health routes that are there stay")
    func vertex() {
        let own = routes(["AIP_HEALTH_ROUTE": "/h", "AIP_PREDICT_ROUTE": "/predict"])
        #expect(tag(.get, "/h", own) == "Vertex AI")
        #expect(tag(.post, "/predict", own) == "Vertex AI")
        #expect(
            tag(.post, "/v1/models/m:predict", routes(["AIP_PREDICT_ROUTE": "/v1/models/m:predict"])) == "Vertex AI")
        let known = routes(["AIP_HEALTH_ROUTE": "/v2/health/ready", "AIP_PREDICT_ROUTE": "/v2/models/m/infer"])
        #expect(tag(.get, "/v2/health/ready", known) == "T")
        #expect(tag(.post, "/v2/models/m/infer", known) == "T")
    }

    @Test(
        "each method and path has one route, and every type named is known",
        arguments: [
            [:], ["SLIPWAY_CLOUD": "sagemaker,vertex,azureml"],
            ["SAGEMAKER_MULTI_MODEL": "true", "AIP_PREDICT_ROUTE": "/invocations", "AIP_HEALTH_ROUTE": "/ping"],
        ] as [[String: String]])
    func unique(environment: [String: String]) {
        let routes = routes(environment)
        let keys = routes.map { "\($0.method) \($0.pattern.template)" }
        #expect(Set(keys).count == keys.count)
        for route in routes {
            let documentation = route.documentation
            for name in documentation.request.typeNames + documentation.reply.typeNames {
                #expect(SchemaCatalogue.knows(name), "\(name)")
            }
        }
    }
}
