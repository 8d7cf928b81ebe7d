// SPDX-License-Identifier: Apache-2.0

import COnnxRuntime
import Glibc
package import SlipwayCore
package import SlipwayEngine
import Synchronization

/// One version's session, run by all its lanes.
package final class ONNXRuntimeModel: TensorModel {
    package let signature: ModelSignature
    package let maximumConcurrency: Int
    package let maximumBatchSize: Int?
    private let session: ORTSession
    private let slots = RunSlots()
    private let outputNames: NameList
    private let fileBytes: Int
    private let knownClasses = Mutex<[String: [String]]>([:])

    init(_ bundle: ModelBundle, options: LoadOptions, environment: ORTEnvironment) throws(EngineError) {
        guard bundle.format == .onnx || bundle.format == .ort else {
            throw EngineError(
                code: .unsupportedModel,
                message: "ONNX Runtime reads ONNX and its own ORT format, not \(bundle.format.displayName). "
                    + "Convert the model to ONNX first")
        }
        session = try ORTSession(bundle, options: options, environment: environment)
        signature = ModelSignature(inputs: session.inputs.map(\.spec), outputs: session.outputs.map(\.spec))
        maximumConcurrency = max(1, options.lanes)
        maximumBatchSize = Self.largestBatch(signature)
        outputNames = NameList(session.outputs)
        fileBytes = Self.fileSize(bundle.path)
    }

    /// An estimate: the model file's size, or what the session's memory pool holds where that is more.
    ///
    /// The pool holds packed weights, external ones too, and room for calls, but not the weights that stayed as they
    /// were in the file.
    package var residentBytes: Int { max(fileBytes, session.arenaBytes ?? 0) }

    /// Class labels of outputs of form `classScores`, one for each column; an output is there after its first result.
    package var classLabels: [String: [String]] { knownClasses.withLock { $0 } }

    package func predict(
        _ inputs: NamedTensors, requestedOutputs: [String]?, cancellation: CancellationFlag
    ) throws(EngineError) -> Prediction {
        if cancellation.isCancelled { throw Self.cancelled }
        let choice = try choice(of: requestedOutputs)
        let started = ContinuousClock.now
        let slot = try slots.take(for: session)
        defer { slots.giveBack(slot) }
        try InputBinding(session: session, slot: slot).bind(inputs)
        let bound = ContinuousClock.now
        let outputs = choice?.computed ?? session.outputs
        let names = choice.map { NameList($0.computed) } ?? outputNames
        // The library reads the inputs where they lie and the names through pointers.
        try withExtendedLifetime((inputs, names)) { () throws(EngineError) in
            try run(slot, names, cancellation)
        }
        let computed = ContinuousClock.now
        let tensors = try read(slot, outputs, inputs)
        let selected = try choice?.select(from: tensors) ?? tensors
        let timings = InferenceTimings(
            computeInput: bound - started, compute: computed - bound, computeOutput: ContinuousClock.now - computed)
        return Prediction(outputs: selected, timings: timings)
    }

    /// `nil` for all outputs in the model's order, which many clients spell out.
    private func choice(of names: [String]?) throws(EngineError) -> OutputChoice? {
        guard let names, !names.elementsEqual(session.outputs, by: { $0 == $1.spec.name }) else { return nil }
        return try OutputChoice(names, of: session.outputs)
    }

    private func run(_ slot: RunSlot, _ names: NameList, _ cancellation: CancellationFlag) throws(EngineError) {
        // No outputs asked for: nothing to compute.
        guard names.count > 0 else { return }
        let run = slot.begin()
        let status = cancellation.withHandler({ slot.terminate(run: run) }) {
            session.library.api.pointee.Run(
                session.handle, slot.options, slot.inputNames, slot.inputs, slot.inputCount, names.pointer,
                names.count, slot.outputs)
        }
        let wasTerminated = slot.end()
        guard let status else { return }
        let failure = ORTFailure(taking: status, session.library.api)
        throw wasTerminated ? Self.cancelled : failure.error(at: .run)
    }

    private func read(
        _ slot: RunSlot, _ outputs: [SessionValue], _ inputs: NamedTensors
    ) throws(EngineError) -> NamedTensors {
        let reading = OutputReading(library: session.library, inputs: inputs)
        var tensors = NamedTensors()
        for (index, output) in outputs.enumerated() {
            guard let value = slot.takeOutput(index) else { continue }
            if let classes = try reading.append(value, of: output, to: &tensors) {
                knownClasses.withLock { if $0[output.spec.name] == nil { $0[output.spec.name] = classes } }
            }
        }
        return tensors
    }

    private static var cancelled: EngineError {
        EngineError(code: .cancelled, message: "the call was cancelled before it had a result")
    }

    /// The smallest fixed first dimension of the inputs; `nil` when every one may vary.
    private static func largestBatch(_ signature: ModelSignature) -> Int? {
        signature.inputs.compactMap { spec -> Int? in
            guard spec.form == .tensor, !spec.isOptional, case .fixed(let extent)? = spec.shape?.first else {
                return nil
            }
            return extent
        }.min()
    }

    private static func fileSize(_ path: String) -> Int {
        var status = stat()
        return stat(path, &status) == 0 ? Int(status.st_size) : 0
    }
}
