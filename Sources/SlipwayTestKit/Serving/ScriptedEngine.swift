// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
package import SlipwayEngine

/// An engine without a library: its models are ``ScriptedModel``s.
package final class ScriptedEngine: InferenceEngine {
    /// What the models of an engine do.
    package struct Script: Sendable {
        /// Every call of every model passes here.
        package var gate = Gate(isOpen: true)
        package var maximumConcurrency = 16
        /// What a call of the version of this number fails with.
        package var failure: @Sendable (Int) -> EngineError? = { _ in nil }
        /// What loading the bundle fails with.
        package var refusal: @Sendable (ModelBundle) -> EngineError? = { _ in nil }

        package init() {}
    }

    package let name: String
    package let version = "1.0"
    package let capabilities: EngineCapabilities
    package let script: Script
    package let tally = ModelTally()

    package init(name: String = "scripted", formats: [ModelFormat] = [.onnx], script: Script = Script()) {
        self.name = name
        self.script = script
        capabilities = EngineCapabilities(formats: formats, devices: ["cpu"])
    }

    /// The number of the version is the last part of the bundle's path, 0 where that is no number.
    package func load(_ bundle: ModelBundle, options: LoadOptions) throws(EngineError) -> any TensorModel {
        if let error = script.refusal(bundle) { throw error }
        let number = bundle.path.split(separator: "/").last.flatMap { Int($0) } ?? 0
        return ScriptedModel(number: number, script: script, tally: tally)
    }
}
