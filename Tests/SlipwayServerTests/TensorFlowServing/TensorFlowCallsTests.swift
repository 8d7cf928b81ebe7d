// SPDX-License-Identifier: Apache-2.0

import SlipwayControl
import SlipwayCore
import SlipwayRegistry
import SlipwayServer
import SlipwayServing
import SlipwayTestKit
import SlipwayWire
import SwiftProtobuf
import Testing

@Suite("TensorFlow Serving's calls", .timeLimit(.minutes(5)))
struct TensorFlowCallsTests {
    private let rig = ServingRig()
    private let store = InMemoryMetadataStore()

    /// Version 2 of model `m` behind endpoint `e` adds 2 to each value; alias `stable` names it, `old` version 1.
    private func calls() async throws -> TensorFlowCalls {
        _ = try await store.register(SampleRows.draft("m", content: "one"), alias: "old")
        _ = try await store.register(SampleRows.draft("m", content: "two"), alias: "stable")
        await rig.serve(2)
        return TensorFlowCalls(service: rig.service, labels: VersionLabels(service: rig.service, admin: admin))
    }

    private var admin: HomeControl {
        HomeControl(
            store: store, artifacts: InMemoryArtifactStore(scratch: "/nowhere"), engines: [],
            clock: ManualWallClock().reading)
    }

    private func examples(_ values: [Float]) -> ExampleList {
        ExampleList(examples: values.map { ["x": .floats([Double($0)])] })
    }

    private static let spec = Tensorflow_Serving_ModelSpec.with { $0.name = "e" }

    @Test("predict answers from message to message, by version, by label and by neither")
    func predict() async throws {
        let calls = try await calls()
        let specs: [Tensorflow_Serving_ModelSpec] = [
            Self.spec,
            .with {
                $0.name = "e"; $0.version.value = 2
            },
            .with {
                $0.name = "e"; $0.versionLabel = "stable"
            },
        ]
        for spec in specs {
            var request = Tensorflow_Serving_PredictRequest()
            request.modelSpec = spec
            request.inputs["x"] = .with {
                $0.dtype = .dtFloat
                $0.tensorShape.dim = [2, 1].map { extent in .with { $0.size = extent } }
                $0.floatVal = [1, 5]
            }
            let bytes: [UInt8] = try request.serializedBytes()
            let answer = try await calls.predict(receivedAt: .now) {
                $0.urgency = 0
            } withBytes: { decode in
                try bytes.withUnsafeBytes { try decode($0, nil) }
            }
            var reply: [UInt8] = []
            for segment in answer.value { segment.withBytes { reply.append(contentsOf: $0) } }
            let read = try Tensorflow_Serving_PredictResponse(serializedBytes: reply)
            #expect(read.outputs["y"]?.floatVal == [3, 7])
            #expect(read.modelSpec.name == "e")
            #expect(read.modelSpec.version.value == 2)
        }
    }

    @Test("regress answers one value for each example, and classify says that this is no classifier")
    func examples() async throws {
        let calls = try await calls()
        let target = TensorFlowTarget(endpoint: "e")
        let answer = try await calls.regress(target, examples([1, 5]), receivedAt: .now) { _ in }
        #expect(answer.value == [3, 7])
        #expect(answer.response.version == 2)
        let error = await #expect(throws: WireError.self) {
            try await calls.classify(target, examples([1]), receivedAt: .now) { _ in }
        }
        #expect(error?.message.contains("regress") == true)
    }

    @Test("several tasks are one engine call")
    func multi() async throws {
        let calls = try await calls()
        rig.engine.tally.startOver()
        let request = Tensorflow_Serving_MultiInferenceRequest.with { message in
            message.tasks = (0..<2).map { _ in
                .with {
                    $0.modelSpec = Self.spec
                    $0.methodName = "tensorflow/serving/regress"
                }
            }
            message.input.exampleList.examples = [
                .with { $0.features.feature["x"] = .with { $0.floatList.value = [4] } }
            ]
        }
        let reply = try await calls.multiInference(request, receivedAt: .now) { _ in }
        #expect(reply.results.map { $0.regressionResult.regressions.map(\.value) } == [[6], [6]])
        #expect(rig.engine.tally.calls.count == 1)
    }

    @Test("status tells the versions meant; one that is not there is not found")
    func statuses() async throws {
        let calls = try await calls()
        let ready = [TensorFlowVersionStatus(version: 2, state: .available)]
        for target in [
            TensorFlowTarget(endpoint: "e"), TensorFlowTarget(endpoint: "e", version: 2),
            TensorFlowTarget(endpoint: "e", label: "stable"),
        ] {
            #expect(try await calls.statuses(target) == ready)
        }
        for target in [
            TensorFlowTarget(endpoint: "other"), TensorFlowTarget(endpoint: "e", version: 9),
            TensorFlowTarget(endpoint: "e", label: "old"), TensorFlowTarget(endpoint: "e", label: "unknown"),
        ] {
            let error = await #expect(throws: (any Error).self) { try await calls.statuses(target) }
            #expect((error as? any SlipwayError)?.category == .notFound)
        }
    }

    @Test("a label that names a version which is not loaded is not found, one that cannot be an alias is refused")
    func labels() async throws {
        let calls = try await calls()
        for (label, category) in [("old", ErrorCategory.notFound), ("a/b", .invalidInput)] {
            let error = await #expect(throws: (any Error).self) {
                try await calls.regress(
                    TensorFlowTarget(endpoint: "e", label: label), examples([1]), receivedAt: .now
                ) { _ in }
            }
            #expect((error as? any SlipwayError)?.category == category)
        }
    }

    @Test("metadata describes the version that answers")
    func metadata() async throws {
        let calls = try await calls()
        let metadata = try await calls.metadata(TensorFlowTarget(endpoint: "e"), receivedAt: .now) { _ in }
        #expect(metadata.version == 2)
        #expect(metadata.signature == ScriptedModel.oneColumn)
    }
}

@Suite("States of versions as TensorFlow Serving tells them", .timeLimit(.minutes(5)))
struct TensorFlowStateTests {
    private struct Broken: Error {}

    @Test("a version that loads is loading, and available once it answers")
    func loading() async throws {
        let gate = Gate(isOpen: false)
        let rig = ServingRig(source: ScriptedSource { step, _ in if step == .fetch { await gate.pass() } })
        rig.service.apply([ServingRig.assignment(3)])
        await gate.waitForArrivals(1)
        let waiting = try #require(rig.status())
        #expect(waiting.tensorFlowVersions == [TensorFlowVersionStatus(version: 3, state: .loading)])
        #expect(!waiting.isAnswering)
        gate.open()
        await rig.until { rig.status()?.isAnswering == true }
        #expect(rig.status()?.tensorFlowVersions == [TensorFlowVersionStatus(version: 3, state: .available)])
    }

    @Test("a version that failed has ended, and says why")
    func failed() async throws {
        let rig = ServingRig(source: ScriptedSource { step, _ in if step == .verify { throw Broken() } })
        rig.service.apply([ServingRig.assignment(3)])
        await rig.until { rig.status()?.state == "failed" }
        let told = try #require(rig.status()?.tensorFlowVersions.first)
        #expect(told.state == .end)
        #expect(told.failure?.isEmpty == false)
    }

    @Test("a version that comes into memory with the next request counts as available")
    func cold() async throws {
        let rig = ServingRig()
        rig.service.apply([ServingRig.assignment(3) { $0.lifecycle.loading = .onDemand }])
        await rig.until { rig.status()?.state == "cold" }
        let status = try #require(rig.status())
        #expect(status.tensorFlowVersions == [TensorFlowVersionStatus(version: 3, state: .available)])
        #expect(status.isAnswering)
    }
}
