// SPDX-License-Identifier: Apache-2.0

import SlipwayTestKit
import Testing

@Suite(
    "OpenVINO keeps the engine's contract", .tags(.engine),
    .enabled(if: TestEngine.isInstalled, TestEngine.skipReason))
struct ConformanceTests {
    private let conformance: EngineConformance

    init() throws {
        conformance = EngineConformance(
            engine: try TestEngine.open(), models: try ConformanceModels.onnx(strings: false, loop: false))
    }

    @Test("a batch gives what its rows give one by one")
    func batch() throws { try conformance.batchedEqualsSingle() }

    @Test("concurrent calls give what they give alone")
    func concurrency() async throws { try await conformance.concurrentEqualsSequential() }

    @Test("a cancelled call leaves nothing behind", .timeLimit(.minutes(1)))
    func cancellation() async throws { try await conformance.cancellationLeavesNoState() }

    @Test("wrong inputs are refused and the model works on")
    func wrongInputs() throws { try conformance.wrongInputsAreRefused() }

    @Test("scalars and empty tensors come back as they went in")
    func unusualTensors() throws { try conformance.unusualTensorsSurvive() }

    @Test("unloading gives everything back")
    func unload() throws { try conformance.unloadGivesEverythingBack() }

    @Test("the signature is the file's")
    func signature() throws { try conformance.signatureIsTheFiles() }
}
