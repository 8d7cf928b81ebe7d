// SPDX-License-Identifier: Apache-2.0

import SlipwayControl
import SlipwayCore
import SlipwayEngine
import SlipwayRegistry
import SlipwayTestKit
import SlipwayWire
import Testing

@Suite("Prediction without a server")
struct LocalPredictionTests {
    private func home() async throws -> TestHome {
        let home = try TestHome()
        try await home.importIdentity()
        try await home.importIdentity(.float64)
        return home
    }

    @Test(
        "asks the version a reference names, or what an endpoint of that name serves",
        arguments: [("m", 2), ("m:1", 1), ("e", 1)])
    func answers(name: String, version: Int) async throws {
        let home = try await home()
        _ = try await home.control.deploy(DeployRequest(reference: "m:1"), to: "e")
        let prediction = LocalPrediction(store: home.store, artifacts: home.artifacts, engines: [home.engine])
        let response = try await prediction.run(name, .values(["x=5,6"]))
        #expect(response.version == version)
        // The scripted model takes any number of rows of one column and, loaded from `model.onnx`, adds 0.
        #expect(response.outputs["y"]?.values(as: Float.self) == [5, 6])
        #expect(home.engine.tally.counts.alive == 0)
    }

    @Test("an undeployed endpoint is no name any more")
    func undeployed() async throws {
        let home = try await home()
        _ = try await home.control.deploy(DeployRequest(reference: "m:1"), to: "e")
        _ = try await home.control.undeploy("e")
        let prediction = LocalPrediction(store: home.store, artifacts: home.artifacts, engines: [home.engine])
        await #expect(throws: RegistryError.self) { try await prediction.run("e", .values(["x=1"])) }
    }

    @Test("says what to do when the engine is not here")
    func noEngine() async throws {
        let home = try await home()
        let prediction = LocalPrediction(store: home.store, artifacts: home.artifacts, engines: [])
        let error = await #expect(throws: EngineError.self) { try await prediction.run("m", .values(["x=1"])) }
        #expect(error?.code == .libraryMissing)
        #expect(error?.message.contains("slipway doctor") == true)
    }

    @Test("refuses inputs that do not fit before the model runs")
    func badInput() async throws {
        let home = try await home()
        let prediction = LocalPrediction(store: home.store, artifacts: home.artifacts, engines: [home.engine])
        await #expect(throws: ControlError.self) { try await prediction.run("m", .values(["z=1"])) }
        await #expect(throws: SignatureError.self) { try await prediction.run("m", .values([])) }
        #expect(home.engine.tally.counts.calls == 0)
    }
}
