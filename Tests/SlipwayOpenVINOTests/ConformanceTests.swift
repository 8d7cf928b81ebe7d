// SPDX-License-Identifier: Apache-2.0

import SlipwayTestKit
import Testing

@Suite(
    "OpenVINO keeps the engine's contract", .tags(.engine),
    .enabled(if: TestEngine.library.isInstalled, TestEngine.skipReason))
struct ConformanceTests {
    @Test("does what an engine must do", .timeLimit(.minutes(1)), arguments: EngineConformance.behaviours)
    func contract(behaviour: EngineConformance.Behaviour) async throws {
        let models = try ConformanceModels.onnx(strings: false, loop: false)
        try await behaviour.check(EngineConformance(engine: TestEngine.open(), models: models))
    }
}
