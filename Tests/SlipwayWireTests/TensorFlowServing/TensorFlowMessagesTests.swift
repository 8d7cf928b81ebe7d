// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import SlipwayCore
import SlipwayWire
import SwiftProtobuf
import Testing

@Suite("TensorFlow Serving's other messages")
struct TensorFlowMessagesTests {
    private static let signature = ModelSignature(
        inputs: [TensorSpec(name: "x", elementType: .float32, shape: [.symbolic("n"), .fixed(4)])],
        outputs: [TensorSpec(name: "y", elementType: .int64, shape: nil)])

    private func example(_ features: [String: Tensorflow_Feature]) -> Tensorflow_Example {
        .with { $0.features.feature = features }
    }

    @Test("examples and their context become features")
    func examples() throws {
        let input = Tensorflow_Serving_Input.with {
            $0.exampleListWithContext.examples = [
                example([
                    "f": .with { $0.floatList.value = [1.5] }, "i": .with { $0.int64List.value = [-2, 3] },
                    "none": Tensorflow_Feature(),
                ])
            ]
            $0.exampleListWithContext.context = example(["s": .with { $0.bytesList.value = [.init("a".utf8)] }])
        }
        let list = try ExampleList(input)
        #expect(list.examples == [["f": .floats([1.5]), "i": .integers([-2, 3])]])
        #expect(list.context == ["s": .bytes([[0x61]])])
        #expect(refusal { _ = try ExampleList(Tensorflow_Serving_Input()) }?.code == .invalidRequest)
        let empty = Tensorflow_Serving_Input.with { $0.exampleList = .init() }
        #expect(refusal { _ = try ExampleList(empty) }?.code == .invalidRequest)
    }

    @Test("results keep their order")
    func results() {
        let classes = Tensorflow_Serving_ClassificationResult([
            [ScoredClass(label: "b", score: 0.5), ScoredClass(label: "a", score: 0.25)], [],
        ])
        #expect(classes.classifications.map { $0.classes.map(\.label) } == [["b", "a"], []])
        #expect(classes.classifications[0].classes.map(\.score) == [0.5, 0.25])
        #expect(Tensorflow_Serving_RegressionResult([1, -.infinity]).regressions.map(\.value) == [1, -.infinity])
    }

    @Test("several tasks are one inference of one model")
    func multi() throws {
        func request(_ tasks: [(model: String, method: String)]) -> Tensorflow_Serving_MultiInferenceRequest {
            .with {
                $0.tasks = tasks.map { task in
                    .with {
                        $0.modelSpec.name = task.model
                        $0.methodName = task.method
                    }
                }
                $0.input.exampleList.examples = [example([:])]
            }
        }
        let both = try TensorFlowMultiRequest(
            request([("m", "tensorflow/serving/regress"), ("m", "tensorflow/serving/classify")]))
        #expect(both.tasks == [.regress, .classify])
        #expect(both.target.endpoint == "m")
        let refused: [[(model: String, method: String)]] = [
            [], [("", "tensorflow/serving/regress")], [("m", "tensorflow/serving/predict")], [("m", "")],
            [("m", "tensorflow/serving/regress"), ("n", "tensorflow/serving/regress")],
        ]
        for tasks in refused { #expect(refusal { _ = try TensorFlowMultiRequest(request(tasks)) } != nil) }
    }

    @Test("metadata is asked for by the one name there is")
    func metadataRequest() throws {
        func target(_ fields: [String]) throws -> TensorFlowTarget {
            try Tensorflow_Serving_GetModelMetadataRequest.with {
                $0.modelSpec.name = "m"
                $0.metadataField = fields
            }.target()
        }
        #expect(try target(["signature_def"]).endpoint == "m")
        for fields in [[], ["other"], ["signature_def", "other"]] {
            #expect(refusal { _ = try target(fields) }?.code == .invalidRequest)
        }
    }

    @Test("metadata packs the signature definition")
    func metadata() throws {
        let metadata = TensorFlowModelMetadata(name: "m", version: 3, signature: Self.signature)
        let reply = try Tensorflow_Serving_GetModelMetadataResponse(metadata)
        #expect(reply.modelSpec.version.value == 3)
        let packed = try #require(reply.metadata["signature_def"])
        #expect(packed.typeURL == "type.googleapis.com/tensorflow.serving.SignatureDefMap")
        let definitions = try Tensorflow_Serving_SignatureDefMap(unpackingAny: packed)
        let definition = try #require(definitions.signatureDef["serving_default"])
        #expect(definition.methodName == "tensorflow/serving/predict")
        #expect(definition.inputs["x"]?.dtype == .dtFloat)
        #expect(definition.inputs["x"]?.tensorShape.dim.map(\.size) == [-1, 4])
        #expect(definition.outputs["y"]?.tensorShape.unknownRank == true)
        #expect(definition.outputs["y"]?.name == "y:0")
    }

    @Test("states and failures keep their numbers")
    func status() {
        let reply = Tensorflow_Serving_GetModelStatusResponse([
            TensorFlowVersionStatus(version: 2, state: .available),
            TensorFlowVersionStatus(version: 1, state: .end, failure: "broken"),
        ])
        #expect(reply.modelVersionStatus.map(\.state) == [.available, .end])
        #expect(reply.modelVersionStatus.map(\.status.errorCode) == [.ok, .unknown])
        #expect(reply.modelVersionStatus[1].status.errorMessage == "broken")
    }

    @Test("a configuration names models, folders, versions and labels")
    func configuration() throws {
        let message = Tensorflow_Serving_ModelServerConfig.with {
            $0.modelConfigList.config = [
                .with {
                    $0.name = "a"
                    $0.basePath = "/models/a"
                    $0.modelPlatform = "tensorflow"
                    $0.modelVersionPolicy.specific.versions = [4, 2]
                    $0.versionLabels = ["stable": 2]
                },
                .with {
                    $0.name = "b"
                    $0.basePath = "/models/b"
                    $0.modelVersionPolicy.latest = .init()
                },
                .with {
                    $0.name = "c"
                    $0.basePath = "/models/c"
                    $0.modelVersionPolicy.all = .init()
                },
            ]
        }
        let models = try TensorFlowServerConfiguration(message).models
        #expect(models.map(\.versionPolicy) == [.specific([4, 2]), .latest(count: 1), .all])
        #expect(models[0].labels == ["stable": 2])
        #expect(models[0].platform == "tensorflow")
    }

    @Test("configurations that cannot be followed are refused")
    func badConfigurations() {
        func refused(_ build: (inout Tensorflow_Serving_ModelServerConfig) -> Void) -> WireError? {
            refusal { _ = try TensorFlowServerConfiguration(.with(build)) }
        }
        func model(_ change: (inout Tensorflow_Serving_ModelConfig) -> Void) -> Tensorflow_Serving_ModelConfig {
            .with {
                $0.name = "a"
                $0.basePath = "/a"
                change(&$0)
            }
        }
        #expect(refused { _ in }?.code == .invalidRequest)
        #expect(refused { $0.customModelConfig = .init() }?.code == .unsupported)
        #expect(refused { $0.modelConfigList.config = [model { $0.name = "" }] } != nil)
        #expect(refused { $0.modelConfigList.config = [model { $0.basePath = "" }] } != nil)
        #expect(refused { $0.modelConfigList.config = [model { _ in }, model { _ in }] } != nil)
        #expect(refused { $0.modelConfigList.config = [model { $0.versionLabels = ["x": -1] }] } != nil)
        #expect(refused { $0.modelConfigList.config = [model { $0.modelVersionPolicy.specific = .init() }] } != nil)
    }
}
