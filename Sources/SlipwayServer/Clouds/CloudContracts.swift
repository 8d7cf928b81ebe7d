// SPDX-License-Identifier: Apache-2.0

/// Which clouds' contracts a replica serves, told from the variables that the clouds set for a container.
///
/// `SLIPWAY_CLOUD` names contracts by hand, with commas: `sagemaker`, `vertex`, `azureml`, `kserve`.
/// `SLIPWAY_DEFAULT_ENDPOINT` names the endpoint that routes without a model's name ask.
package struct CloudContracts: Sendable, Hashable {
    /// Amazon SageMaker: `/ping`, `/invocations` and, for many models in one container, `/models`.
    package struct SageMaker: Sendable, Hashable {
        /// Whether `/ping` waits for the models; else a running process is healthy.
        package var pingsReadiness = true
        package var isMultiModel = false
        /// The folders that models may be loaded from.
        package var modelRoots = ["/opt/ml/models"]
    }

    /// Google's Vertex AI.
    package struct VertexAI: Sendable, Hashable {
        package var healthRoute: String
        package var predictRoute: String

        package init(healthRoute: String, predictRoute: String) {
            self.healthRoute = healthRoute
            self.predictRoute = predictRoute
        }
    }

    package private(set) var sageMaker: SageMaker?
    package private(set) var vertexAI: VertexAI?
    /// Azure Machine Learning: `/score`.
    package private(set) var isAzureML = false
    /// Where the cloud calls: every address of the container; `nil` when no cloud says.
    package private(set) var address: ListenAddress?
    /// The endpoint of routes that name none; `nil` for the only one there is.
    package private(set) var defaultEndpoint: String?
    /// Folders that may hold the one model to serve from the start, most wanted first; they need not exist.
    package private(set) var modelFolders: [String] = []
    /// What was set and cannot be followed, a sentence each.
    package private(set) var problems: [String] = []

    package static let none = CloudContracts(environment: [:])

    /// - Parameter environment: Of the process; nothing else is looked at.
    package init(environment: [String: String]) {
        let given = environment.filter { !$0.value.isEmpty }
        let named = Set(
            (given["SLIPWAY_CLOUD"] ?? "").lowercased().split(separator: ",").map { $0.filter { $0 != " " } })
        for name in named.subtracting(["sagemaker", "vertex", "azureml", "kserve"]).sorted() {
            problems.append("SLIPWAY_CLOUD names '\(name)': write sagemaker, vertex, azureml or kserve")
        }
        defaultEndpoint = given["SLIPWAY_DEFAULT_ENDPOINT"]
        if named.contains("sagemaker") || given.keys.contains(where: { $0.hasPrefix("SAGEMAKER_") }) {
            addSageMaker(given)
        }
        if named.contains("vertex") || given.keys.contains(where: Self.vertexKeys.contains) { addVertex(given) }
        if named.contains("azureml") || given["AZUREML_MODEL_DIR"] != nil {
            isAzureML = true
            if let folder = given["AZUREML_MODEL_DIR"] { modelFolders.append(folder) }
        }
        if named.contains("kserve") { modelFolders.append("/mnt/models") }
        if address == nil, isAzureML || named.contains("kserve") { listen(on: nil, "") }
    }

    private static let vertexKeys: Set<String> = [
        "AIP_MODE", "AIP_HTTP_PORT", "AIP_HEALTH_ROUTE", "AIP_PREDICT_ROUTE", "AIP_ENDPOINT_ID",
    ]
    /// Where every cloud calls unless it says otherwise.
    private static let usualPort = 8080

    // MARK: - Each cloud

    private mutating func addSageMaker(_ given: [String: String]) {
        var contract = SageMaker()
        switch given["SAGEMAKER_TRITON_PING_MODE"]?.lowercased() {
        case nil, "ready": break
        case "live": contract.pingsReadiness = false
        case .some:
            problems.append("SAGEMAKER_TRITON_PING_MODE knows 'ready' and 'live': 'ready' is taken")
        }
        contract.isMultiModel = given["SAGEMAKER_MULTI_MODEL"]?.lowercased() == "true"
        if let root = given["SLIPWAY_MODEL_ROOT"] { contract.modelRoots.append(root) }
        sageMaker = contract
        if defaultEndpoint == nil { defaultEndpoint = given["SAGEMAKER_TRITON_DEFAULT_MODEL_NAME"] }
        if let kind = given["SAGEMAKER_TRITON_INFERENCE_TYPE"], kind.lowercased() != "infer" {
            problems.append("SAGEMAKER_TRITON_INFERENCE_TYPE '\(kind)' is not supported: /invocations infers")
        }
        listen(on: given["SAGEMAKER_BIND_TO_PORT"], "SAGEMAKER_BIND_TO_PORT")
        if !contract.isMultiModel { modelFolders.append("/opt/ml/model") }
    }

    private mutating func addVertex(_ given: [String: String]) {
        let deployed =
            "/v1/endpoints/\(given["AIP_ENDPOINT_ID"] ?? "0")/deployedModels/"
            + (given["AIP_DEPLOYED_MODEL_ID"] ?? "0")
        vertexAI = VertexAI(
            healthRoute: route(given["AIP_HEALTH_ROUTE"], "AIP_HEALTH_ROUTE", usual: deployed),
            predictRoute: route(given["AIP_PREDICT_ROUTE"], "AIP_PREDICT_ROUTE", usual: deployed + ":predict"))
        listen(on: given["AIP_HTTP_PORT"], "AIP_HTTP_PORT")
        guard let storage = given["AIP_STORAGE_URI"] else { return }
        if let folder = Self.localFolder(storage) {
            modelFolders.append(folder)
        } else {
            problems.append(
                "AIP_STORAGE_URI is no folder of this container, and nothing is fetched: put the model into the image "
                    + "and name its folder there, or import it first")
        }
    }

    /// `/path` and `file:///path`; `nil` for anything else.
    private static func localFolder(_ location: String) -> String? {
        let path = location.hasPrefix("file://") ? String(location.dropFirst(7)) : location
        return path.hasPrefix("/") ? path : nil
    }

    private mutating func route(_ given: String?, _ key: String, usual: String) -> String {
        guard let given else { return usual }
        // The characters of a path (RFC 3986, section 3.3) without escapes and braces.
        let isPath = given.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
            default: "-._~!$&'()*+,;=:@/".utf8.contains(byte)
            }
        }
        guard given.hasPrefix("/"), isPath, given.utf8.count <= 1024 else {
            problems.append("\(key) is no path such as /predict: \(usual) is taken")
            return usual
        }
        return given
    }

    /// The first cloud that says where it calls is the one that is followed.
    private mutating func listen(on port: String?, _ key: String) {
        guard address == nil else { return }
        var number = Self.usualPort
        if let port {
            if let given = UInt16(port), given > 0 {
                number = Int(given)
            } else {
                problems.append("\(key) is no port: \(number) is taken")
            }
        }
        address = ListenAddress(host: "0.0.0.0", port: number)
    }
}
