// SPDX-License-Identifier: Apache-2.0

import SlipwayServer
import Testing

@Suite("Which clouds' contracts are on")
struct CloudContractsTests {
    @Test("is told from the environment: none without their variables")
    func none() {
        let contracts = CloudContracts(environment: ["PATH": "/bin", "AIP_MODE": "", "HOME": "/"])
        #expect(contracts == .none)
        #expect(contracts.sageMaker == nil && contracts.vertexAI == nil && !contracts.isAzureML)
        #expect(contracts.address == nil && contracts.modelFolders.isEmpty && contracts.problems.isEmpty)
    }

    @Test("SageMaker's, with the port, the default model and how to answer /ping")
    func sageMaker() throws {
        let contracts = CloudContracts(environment: [
            "SAGEMAKER_BIND_TO_PORT": "9000", "SAGEMAKER_TRITON_DEFAULT_MODEL_NAME": "fraud",
            "SAGEMAKER_TRITON_PING_MODE": "live",
        ])
        let sageMaker = try #require(contracts.sageMaker)
        #expect(!sageMaker.pingsReadiness && !sageMaker.isMultiModel)
        #expect(contracts.address == ListenAddress(host: "0.0.0.0", port: 9000))
        #expect(contracts.defaultEndpoint == "fraud")
        #expect(contracts.modelFolders == ["/opt/ml/model"])
    }

    @Test("SageMaker's for many models loads none from the start")
    func multiModel() {
        let contracts = CloudContracts(environment: ["SAGEMAKER_MULTI_MODEL": "true", "SLIPWAY_MODEL_ROOT": "/models"])
        #expect(contracts.sageMaker?.isMultiModel == true)
        #expect(contracts.sageMaker?.modelRoots == ["/opt/ml/models", "/models"])
        #expect(contracts.modelFolders.isEmpty)
    }

    @Test("Vertex AI's, with its routes or the usual ones")
    func vertex() {
        let given = CloudContracts(environment: [
            "AIP_MODE": "PREDICTION", "AIP_HTTP_PORT": "8085", "AIP_HEALTH_ROUTE": "/health",
            "AIP_PREDICT_ROUTE": "/predict", "AIP_STORAGE_URI": "file:///models/a",
        ])
        #expect(given.vertexAI == CloudContracts.VertexAI(healthRoute: "/health", predictRoute: "/predict"))
        #expect(given.address?.port == 8085)
        #expect(given.modelFolders == ["/models/a"])
        let usual = CloudContracts(environment: ["AIP_ENDPOINT_ID": "1", "AIP_DEPLOYED_MODEL_ID": "2"])
        #expect(usual.vertexAI?.healthRoute == "/v1/endpoints/1/deployedModels/2")
        #expect(usual.vertexAI?.predictRoute == "/v1/endpoints/1/deployedModels/2:predict")
    }

    @Test("Azure ML's, and any by name")
    func others() {
        let azure = CloudContracts(environment: ["AZUREML_MODEL_DIR": "/var/azureml-app/azureml-models/m/1"])
        #expect(azure.isAzureML && azure.modelFolders == ["/var/azureml-app/azureml-models/m/1"])
        let named = CloudContracts(environment: ["SLIPWAY_CLOUD": "SageMaker, kserve", "SLIPWAY_DEFAULT_ENDPOINT": "e"])
        #expect(named.sageMaker != nil && named.defaultEndpoint == "e")
        #expect(named.modelFolders == ["/opt/ml/model", "/mnt/models"])
    }

    @Test(
        "what cannot be followed is told, and the usual taken",
        arguments: [
            ["SAGEMAKER_BIND_TO_PORT": "99999"], ["AIP_HTTP_PORT": "x"],
            ["AIP_MODE": "1", "AIP_PREDICT_ROUTE": "/a{b}"],
            ["AIP_MODE": "1", "AIP_HEALTH_ROUTE": "health"], ["SLIPWAY_CLOUD": "aws"],
            ["AIP_MODE": "1", "AIP_STORAGE_URI": "gs://b/m"], ["SAGEMAKER_TRITON_PING_MODE": "x"],
            ["SAGEMAKER_TRITON_INFERENCE_TYPE": "generate"],
        ])
    func problems(environment: [String: String]) {
        let contracts = CloudContracts(environment: environment)
        #expect(contracts.problems.count == 1)
        #expect(contracts.address.map { $0.port == 8080 } ?? true)
    }
}

@Suite("The model in a container's folder")
struct ContainerModelTests {
    @Test(
        "is the only one, the newest of numbered ones, or the one called so",
        arguments: [
            (["a.onnx"], "a.onnx", nil), (["notes.txt", "code/x.py", "m/a.onnx"], "m/a.onnx", "m"),
            (["fraud/1/model.onnx", "fraud/10/model.onnx", "fraud/9/model.onnx"], "fraud/10/model.onnx", "fraud"),
            (["1/model.onnx", "2/model.onnx"], "2/model.onnx", nil), (["model.pkl"], "model.pkl", nil),
            (["model.onnx", "other.onnx", "sub/model.onnx"], "model.onnx", nil),
            ([".hidden/a.onnx", "b.onnx", ".c.onnx"], "b.onnx", nil),
        ] as [([String], String, String?)])
    func chosen(files: [String], path: String, name: String?) throws {
        let choice = try ContainerModel.choose(among: files, in: "/f")
        #expect(choice?.path == path)
        #expect(choice?.name == name)
    }

    @Test("is none in an empty folder, and never a guess")
    func noGuess() throws {
        #expect(try ContainerModel.choose(among: [".gitkeep"], in: "/f") == nil)
        #expect(throws: ServerError.self) { try ContainerModel.choose(among: ["a.onnx", "b.onnx"], in: "/f") }
        #expect(throws: ServerError.self) {
            try ContainerModel.choose(among: ["a/model.onnx", "b/model.onnx"], in: "/f")
        }
        #expect(try ContainerModel.find(in: "/no/such/folder", name: "m") == nil)
    }
}
