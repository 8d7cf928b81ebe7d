// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
package import SlipwayEngine

/// A model that answers with its version's number, at a gate and by a script.
///
/// Takes float32 `x` and answers float32 `y` of its shape, each value that of `x` plus the version's number, unless
/// the script says otherwise.
package final class ScriptedModel: TensorModel {
    /// `x` and `y` of `[b, 1]`.
    package static let oneColumn = ModelSignature(
        inputs: [TensorSpec(name: "x", elementType: .float32, shape: [.symbolic("b"), .fixed(1)])],
        outputs: [TensorSpec(name: "y", elementType: .float32, shape: [.symbolic("b"), .fixed(1)])])

    /// `x` and `y` of `[b, c]`.
    package static let anyColumns = ModelSignature(
        inputs: [TensorSpec(name: "x", elementType: .float32, shape: [.symbolic("b"), .symbolic("c")])],
        outputs: [TensorSpec(name: "y", elementType: .float32, shape: [.symbolic("b"), .symbolic("c")])])

    /// `x` and `y` of `[3, 1]`, whose first dimension is no batch.
    package static let threeRows = ModelSignature(
        inputs: [TensorSpec(name: "x", elementType: .float32, shape: [.fixed(3), .fixed(1)])],
        outputs: [TensorSpec(name: "y", elementType: .float32, shape: [.fixed(3), .fixed(1)])])

    package let signature: ModelSignature
    package let maximumConcurrency: Int
    package let maximumBatchSize: Int? = nil
    package let residentBytes = 1000
    private let number: Int
    private let script: ScriptedEngine.Script
    private let tally: ModelTally

    init(number: Int, script: ScriptedEngine.Script, tally: ModelTally) {
        self.number = number
        self.script = script
        self.tally = tally
        signature = script.signature
        maximumConcurrency = script.maximumConcurrency
        tally.born()
    }

    deinit { tally.died() }

    package func predict(
        _ inputs: NamedTensors, requestedOutputs: [String]?, cancellation: CancellationFlag
    ) throws(EngineError) -> Prediction {
        let values = inputs["x"]?.values(as: Float.self)
        tally.called(ModelTally.Call(version: number, values: values ?? []))
        defer { tally.returned() }
        script.gate.passBlocking()
        script.gates[number]?.passBlocking()
        if let error = script.failure(number) { throw error }
        if cancellation.isCancelled { throw EngineError(code: .cancelled, message: "stopped by the caller") }
        guard let x = inputs["x"], let values else {
            throw EngineError(code: .inputMismatch, message: "no float32 'x'")
        }
        if let poison = script.poison, values.contains(poison) {
            throw EngineError(code: .executionFailed, message: "poison")
        }
        if let slow = script.slow, values.contains(slow.value) {
            slow.gate.passBlocking()
            if cancellation.isCancelled { throw EngineError(code: .cancelled, message: "stopped by the caller") }
        }
        do throws(TensorError) {
            let y = try answer(values, x.shape)
            tally.answered()
            return Prediction(
                outputs: ["y": y], timings: InferenceTimings(compute: .microseconds(3)))
        } catch {
            throw EngineError(code: .executionFailed, message: error.message)
        }
    }

    private func answer(_ values: [Float], _ shape: Shape) throws(TensorError) -> Tensor {
        switch script.answer(number) {
        case .rowByRow: return try Tensor(values.map { $0 + Float(number) }, shape: shape)
        case .oneRow: return try Tensor([Float(number)], shape: [1, 1])
        case .mixed:
            let sum = values.reduce(0, +) + Float(number)
            return try Tensor([Float](repeating: sum, count: values.count), shape: shape)
        }
    }
}
