// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
package import SlipwayEngine

/// An engine without a library: its models are ``ScriptedModel``s.
package final class ScriptedEngine: InferenceEngine {
    /// What the models of an engine do.
    package struct Script: Sendable {
        /// How a call's answer follows from its rows.
        package enum Answer: Sendable {
            /// Each row from its own.
            case rowByRow
            /// One row, whatever was asked.
            case oneRow
            /// As many rows as were asked, each from all of them.
            case mixed
        }

        /// Every call of every model passes here.
        package var gate = Gate(isOpen: true)
        /// Calls of the versions of these numbers pass here, too.
        package var gates: [Int: Gate] = [:]
        package var maximumConcurrency = 16
        package var signature = ScriptedModel.oneColumn
        /// By the version's number.
        package var answer: @Sendable (Int) -> Answer = { _ in .rowByRow }
        /// What a call of the version of this number fails with.
        package var failure: @Sendable (Int) -> EngineError? = { _ in nil }
        /// A call with this value among its inputs fails.
        package var poison: Float?
        /// A call with this value among its inputs passes this gate, too.
        package var slow: (value: Float, gate: Gate)?
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
