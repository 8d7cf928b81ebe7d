// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
public import SlipwayEngine
import Testing

/// What every engine must do; its tests check each of ``behaviours`` with the engine and models it can read.
public struct EngineConformance: Sendable {
    public typealias Behaviour = ConformanceBehaviour<EngineConformance>

    public static let behaviours: [Behaviour] = [
        Behaviour("a batch gives what its rows give one by one") { try $0.batchedEqualsSingle() },
        Behaviour("concurrent calls give what they give alone") { try await $0.concurrentEqualsSequential() },
        Behaviour("a cancelled call leaves nothing behind") { try await $0.cancellationLeavesNoState() },
        Behaviour("wrong inputs are refused and the model works on") { try $0.wrongInputsAreRefused() },
        Behaviour("scalars, empty tensors and strings come back as they went in") { try $0.unusualTensorsSurvive() },
        Behaviour("unloading gives everything back") { try $0.unloadGivesEverythingBack() },
        Behaviour("the signature is the file's") { try $0.signatureIsTheFiles() },
        Behaviour("timings are told and resident memory is estimated") { try $0.costsAreTold() },
    ]

    public let engine: any InferenceEngine
    public let models: ConformanceModels

    public init(engine: any InferenceEngine, models: ConformanceModels) {
        self.engine = engine
        self.models = models
    }

    /// A batch gives exactly the bytes that its rows give one by one.
    private func batchedEqualsSingle() throws {
        for bundle in [models.identity, models.add] {
            let model = try engine.load(bundle, options: LoadOptions())
            let rows = (0..<7).map { row in (0..<5).map { Float(row * 5 + $0) * 0.3 - 1 } }
            let batch = try run(model, rows.flatMap { $0 }, [7, 5])
            let single = try rows.flatMap { try run(model, $0, [1, 5]) }
            #expect(batch == single, "\(bundle.path)")
        }
    }

    /// Many callers at the same time get what each would have got alone.
    private func concurrentEqualsSequential() async throws {
        let model = try engine.load(models.add, options: LoadOptions(lanes: 4))
        let inputs = (0..<200).map { index in (0..<(1 + index % 9)).map { Float(index * 31 + $0) * 0.7 } }
        let sequential = try inputs.map { try run(model, $0, [1, $0.count]) }
        let lanes = try LaneGroup(count: model.maximumConcurrency)
        let concurrent = try await withThrowingTaskGroup(of: (Int, [Float]).self) { group in
            for (index, input) in inputs.enumerated() {
                group.addTask { (index, try await lanes.queue.run { try run(model, input, [1, input.count]) }) }
            }
            return try await group.reduce(into: [Int: [Float]]()) { $0[$1.0] = $1.1 }
        }
        await lanes.stop()
        for (index, expected) in sequential.enumerated() { #expect(concurrent[index] == expected) }
    }

    /// A call that is cancelled, before it begins or while it runs, ends with `cancelled`; the next one is right.
    private func cancellationLeavesNoState() async throws {
        let model = try engine.load(models.identity, options: LoadOptions())
        let early = CancellationFlag()
        early.cancel()
        #expect {
            try model.predict(["x": floats([1], [1, 1])], requestedOutputs: nil, cancellation: early)
        } throws: { Self.code($0) == .cancelled }
        #expect(try run(model, [1, 2], [1, 2]) == [1, 2])
        guard let bundle = models.loop else { return }
        let loop = try engine.load(bundle, options: LoadOptions())
        for _ in 0..<3 {
            let flag = CancellationFlag()
            async let outcome = Self.codeOfEndlessRun(loop, flag)
            // Lets the call begin; the outcome is the same when it has not.
            for _ in 0..<500 { await Task.yield() }
            flag.cancel()
            #expect(await outcome == .cancelled)
            // The flag was set for the call that is over and must not stop this one.
            let input = (0..<64).map { Float($0) }
            let inputs: NamedTensors = ["x": try floats(input, [1, 64]), "count": try Self.count(3)]
            let result = try loop.predict(inputs, requestedOutputs: nil, cancellation: CancellationFlag())
            #expect(result.outputs["y"]?.values(as: Float.self) == input)
        }
    }

    /// Wrong names, types and ranks are refused with `inputMismatch`; the model works on.
    private func wrongInputsAreRefused() throws {
        let model = try engine.load(models.add, options: LoadOptions())
        let good = try floats([1, 2], [1, 2])
        let wrong: [NamedTensors] = [
            [:],
            ["x": good],
            ["x": good, "x2": good],
            ["x": good, "x1": good, "x2": good],
            ["x": good, "x1": try Tensor([1, 2] as [Double], shape: [1, 2])],
            ["x": good, "x1": try floats([1, 2], [2])],
        ]
        for inputs in wrong {
            #expect("\(inputs.names)") {
                try model.predict(inputs, requestedOutputs: nil, cancellation: CancellationFlag())
            } throws: { Self.code($0) == .inputMismatch }
        }
        #expect {
            try model.predict(["x": good, "x1": good], requestedOutputs: ["z"], cancellation: CancellationFlag())
        } throws: { Self.code($0) == .inputMismatch }
        #expect(try run(model, [1, 2], [1, 2]) == [2, 4])
    }

    /// Scalars, tensors without elements, and strings with any bytes in them come back as they went in.
    private func unusualTensorsSurvive() throws {
        let scalar = try engine.load(models.scalar, options: LoadOptions())
        let doubled = try scalar.predict(
            ["x": floats([21], [])], requestedOutputs: nil, cancellation: CancellationFlag())
        #expect(doubled.outputs["y"]?.shape == [])
        #expect(doubled.outputs["y"]?.values(as: Float.self) == [42])

        let identity = try engine.load(models.identity, options: LoadOptions())
        for shape: Shape in [[0, 4], [4, 0], [0, 0]] {
            let empty = try identity.predict(
                ["x": floats([], shape)], requestedOutputs: nil, cancellation: CancellationFlag())
            #expect(empty.outputs["y"]?.shape == shape)
            #expect(empty.outputs["y"]?.count == 0)
        }

        guard let bundle = models.strings else { return }
        let strings = try engine.load(bundle, options: LoadOptions())
        let elements: [[UInt8]] = [Array("plain".utf8), [], [0], [97, 0, 98], Array("über 🚢".utf8), [0xFF, 0xFE]]
        for taken in [elements, [], [[]]] {
            let tensor = try Tensor(elementType: .bytes, shape: [taken.count], storage: BytesLayout.pack(taken))
            let result = try strings.predict(
                ["x": tensor], requestedOutputs: nil, cancellation: CancellationFlag())
            var returned: [[UInt8]] = []
            result.outputs["y"]?.forEachBytes { returned.append(Array($0)) }
            #expect(returned == taken)
        }
    }

    /// A model goes with its last reference; results that outlive it stay readable.
    private func unloadGivesEverythingBack() throws {
        weak var gone: AnyObject?
        var kept: Tensor?
        do {
            let model = try engine.load(models.identity, options: LoadOptions())
            gone = model as AnyObject
            let result = try model.predict(
                ["x": floats([1, 2, 3], [1, 3])], requestedOutputs: nil, cancellation: CancellationFlag())
            kept = result.outputs["y"]
        }
        #expect(gone == nil)
        #expect(kept?.values(as: Float.self) == [1, 2, 3])
    }

    /// What the model says of itself is what its file says.
    private func signatureIsTheFiles() throws {
        let model = try engine.load(models.add, options: LoadOptions())
        #expect(model.signature.inputs.map(\.name) == ["x", "x1"])
        #expect(model.signature.outputs.map(\.name) == ["y"])
        #expect(model.signature.inputs.allSatisfy { $0.elementType == .float32 && $0.shape?.count == 2 })
        #expect(model.signature.hasVariableFirstDimension)
        #expect(model.maximumConcurrency >= 1)
    }

    /// A call says how long it took, a model how much memory it takes: its file's bytes at the least.
    private func costsAreTold() throws {
        let model = try engine.load(models.identity, options: LoadOptions())
        let prediction = try model.predict(
            ["x": floats([1], [1, 1])], requestedOutputs: nil, cancellation: CancellationFlag())
        #expect(prediction.timings.compute > .zero)
        #expect(prediction.timings.queue == .zero)
        #expect(model.residentBytes >= TinyModel.identity().count)
    }

    /// Gives every input of `model` the same values and returns `y`.
    private func run(_ model: any TensorModel, _ values: [Float], _ shape: Shape) throws -> [Float] {
        var inputs = NamedTensors()
        for spec in model.signature.inputs { inputs.append(try floats(values, shape), named: spec.name) }
        let result = try model.predict(inputs, requestedOutputs: nil, cancellation: CancellationFlag())
        return try #require(result.outputs["y"]?.values(as: Float.self))
    }

    private func floats(_ values: [Float], _ shape: Shape) throws -> Tensor { try Tensor(values, shape: shape) }

    private static func count(_ number: Int64) throws -> Tensor { try Tensor([number], shape: []) }

    private static func code(_ error: any Error) -> EngineError.Code? { (error as? EngineError)?.code }

    /// Runs what would take years; the code of the error it ends with.
    private static func codeOfEndlessRun(
        _ model: any TensorModel, _ flag: CancellationFlag
    ) async -> EngineError.Code? {
        do {
            _ = try await LoaderThread.run {
                let row = try Tensor([Float](repeating: 1, count: 64), shape: [1, 64])
                return try model.predict(
                    ["x": row, "count": count(1 << 50)], requestedOutputs: nil, cancellation: flag)
            }
            return nil
        } catch {
            return code(error)
        }
    }
}
