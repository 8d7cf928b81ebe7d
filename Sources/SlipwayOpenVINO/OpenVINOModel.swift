// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
package import SlipwayEngine

/// One version's compiled model, run by all its lanes.
package final class OpenVINOModel: TensorModel {
    package let maximumConcurrency: Int
    package let maximumBatchSize: Int?
    private let compiled: CompiledModel
    private let slots = RequestSlots()

    init(_ bundle: ModelBundle, options: LoadOptions, core: OpenVINOCore) throws(EngineError) {
        compiled = try CompiledModel(bundle, options: options, core: core)
        maximumConcurrency = max(1, options.lanes)
        maximumBatchSize = Self.largestBatch(compiled.signature)
    }

    package var signature: ModelSignature { compiled.signature }

    /// An estimate: the size of the model's files.
    package var residentBytes: Int { compiled.fileBytes }

    package func predict(
        _ inputs: NamedTensors, requestedOutputs: [String]?, cancellation: CancellationFlag
    ) throws(EngineError) -> Prediction {
        if cancellation.isCancelled { throw Self.cancelled }
        let outputs = try check(inputs, requestedOutputs)
        let started = ContinuousClock.now
        let slot = try slots.take(of: compiled)
        try slot.bind(inputs)
        let bound = ContinuousClock.now
        // No outputs asked for: nothing to compute.
        if !outputs.isEmpty {
            // The library reads the inputs where they lie.
            try withExtendedLifetime(inputs) { () throws(EngineError) in try slot.run(cancellation) }
        }
        let computed = ContinuousClock.now
        var tensors = NamedTensors()
        for index in outputs { tensors.append(try slot.output(index), named: signature.outputs[index].name) }
        // After a failure it goes instead: what an operator left half done is not met again.
        slots.giveBack(slot)
        let timings = InferenceTimings(
            computeInput: bound - started, compute: computed - bound, computeOutput: ContinuousClock.now - computed)
        return Prediction(outputs: tensors, timings: timings)
    }

    static var cancelled: EngineError {
        EngineError(code: .cancelled, message: "the call was cancelled before it had a result")
    }

    /// Checks what the library must not meet, and finds the numbers of the outputs asked for.
    private func check(_ inputs: NamedTensors, _ names: [String]?) throws(EngineError) -> [Int] {
        do throws(SignatureError) {
            try signature.check(inputs)
        } catch {
            throw EngineError(code: .inputMismatch, message: error.message, location: error.location)
        }
        guard let names else { return Array(signature.outputs.indices) }
        var outputs: [Int] = []
        for name in names {
            guard let index = signature.outputs.firstIndex(where: { $0.name == name }) else {
                let known = signature.outputs.map(\.name).joined(separator: ", ")
                throw EngineError(
                    code: .inputMismatch, message: "unexpected output '\(name)', the model has [\(known)]",
                    location: name)
            }
            outputs.append(index)
        }
        return outputs
    }

    /// The smallest fixed first dimension of the inputs; `nil` when every one may vary.
    private static func largestBatch(_ signature: ModelSignature) -> Int? {
        signature.inputs.compactMap { spec -> Int? in
            guard case .fixed(let extent)? = spec.shape?.first else { return nil }
            return extent
        }.min()
    }
}
