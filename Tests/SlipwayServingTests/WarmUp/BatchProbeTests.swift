// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayEngine
import SlipwayServing
import Testing

@Suite("Batch probe")
struct BatchProbeTests {
    typealias Samples = AssemblySamples
    typealias Model = (NamedTensors) throws -> NamedTensors

    /// Runs a probe on a model whose calls take `cost` of their rows, and counts the calls.
    private func run(
        _ probe: BatchProbe, cost: (Int) -> Duration = { .milliseconds($0) }, on model: Model
    ) -> (probe: BatchProbe, calls: [Int]) {
        var probe = probe
        var calls: [Int] = []
        while let inputs = probe.nextTrial(), calls.count < 1_000 {
            let rows = inputs.first?.tensor.shape.dimensions.first ?? 0
            calls.append(rows)
            let outputs: Result<NamedTensors, EngineError>
            do {
                outputs = .success(try model(inputs))
            } catch {
                outputs = .failure(EngineError(code: .executionFailed, message: "no: \(rows)"))
            }
            probe.record(outputs: outputs, duration: cost(rows))
        }
        #expect(probe.isFinished)
        return (probe, calls)
    }

    private func flatProbe(limit: Int = 8, budget: Duration = .seconds(10)) -> BatchProbe {
        BatchProbe(signature: Samples.flat, limit: limit, budget: budget)
    }

    /// `y[r] = [sum of x[r], first of x[r]] + change(r, rows)`.
    private static func rowSums(
        _ inputs: NamedTensors, change: (Int, Int) -> Float = { _, _ in 0 }
    ) throws -> NamedTensors {
        guard let x = inputs["x"], let values: [Float] = x.values() else { throw BatchError("no x") }
        let rows = x.shape.dimensions[0]
        let result = (0..<rows).flatMap { row -> [Float] in
            let slice = values[(row * 3)..<(row * 3 + 3)]
            return [slice.reduce(0, +) + change(row, rows), slice.first ?? 0]
        }
        return ["y": try Tensor(result, shape: [rows, 2])]
    }

    @Test("a model that treats each row by itself batches, bit for bit")
    func exact() {
        let (probe, calls) = run(flatProbe()) { try Self.rowSums($0) }
        #expect(probe.verdict == .batches(exact: true))
        #expect(probe.verdict == .batches(exact: true))
        #expect(calls.prefix(3) == [1, 1, 2])
        #expect(probe.notes.isEmpty)
    }

    @Test("a model that rounds differently in a batch batches, but not bit for bit")
    func rounding() {
        let (probe, _) = run(flatProbe()) { try Self.rowSums($0) { _, rows in rows > 1 ? 1e-5 : 0 } }
        #expect(probe.verdict == .batches(exact: false))
    }

    @Test("rows that change with the others of their batch are not batched")
    func mixing() {
        let (probe, calls) = run(flatProbe()) { try Self.rowSums($0) { row, rows in rows > 1 && row == 1 ? 0.5 : 0 } }
        guard case .alone(let reason) = probe.verdict else {
            Issue.record("batched")
            return
        }
        #expect(reason.hasPrefix("output 'y' of a row changes by 0."))
        #expect(reason.hasSuffix("when others join it"))
        #expect(calls == [1, 1, 2])
        #expect(probe.measurements.map(\.rows) == [1])
    }

    @Test("rows in another order are noticed")
    func swapped() throws {
        let (probe, _) = run(flatProbe()) { inputs in
            let answer = try Self.rowSums(inputs)
            let rows = try BatchAssembly().split(
                answer, rowCounts: [Int](repeating: 1, count: answer[0].tensor.shape.dimensions[0]))
            return try BatchAssembly.join(rows.reversed())
        }
        #expect(probe.verdict != .batches(exact: true) && probe.verdict != .batches(exact: false))
    }

    @Test("an output that does not follow the batch is told with both numbers")
    func outputRows() {
        let (probe, _) = run(flatProbe()) { inputs in
            var outputs = try Self.rowSums(inputs)
            outputs.append(try Tensor([1] as [Float], shape: [1]), named: "loss")
            return outputs
        }
        #expect(probe.verdict == .alone(reason: "output 'loss' has 1 row for 2 rows of input"))
        #expect(probe.verdict == .alone(reason: "output 'loss' has 1 row for 2 rows of input"))
        let (scalar, calls) = run(flatProbe()) { _ in ["y": try Tensor([1] as [Float], shape: [])] }
        #expect(scalar.verdict == .alone(reason: "output 'y' has no rows, it is a scalar"))
        #expect(calls == [1])
        let (none, _) = run(flatProbe()) { _ in [:] }
        #expect(none.verdict == .alone(reason: "the model gives no outputs"))
    }

    @Test("a model that takes one row only is not batched, with its own words")
    func refusesPairs() {
        let (probe, _) = run(flatProbe()) { inputs in
            guard inputs[0].tensor.shape.dimensions[0] == 1 else { throw BatchError("") }
            return try Self.rowSums(inputs)
        }
        #expect(probe.verdict == .alone(reason: "the model refuses 2 rows at once: no: 2"))
    }

    @Test("a model that refuses random inputs is tried on zeros, and a note says so")
    func zeros() {
        let (probe, calls) = run(flatProbe()) { inputs in
            guard inputs[0].tensor.values(as: Float.self)?.allSatisfy({ $0 == 0 }) == true else { throw BatchError("") }
            return try Self.rowSums(inputs)
        }
        #expect(probe.verdict == .batches(exact: true))
        #expect(probe.notes.count == 1)
        #expect(probe.notes.first?.hasPrefix("batching was tried on zeros only") == true)
        #expect(calls.prefix(4) == [1, 1, 1, 2])
    }

    @Test("a model that refuses everything is not batched, and it ends")
    func refusesAll() {
        let (probe, calls) = run(flatProbe()) { _ in throw BatchError("") }
        #expect(probe.verdict == .alone(reason: "the model refuses made-up inputs: no: 1"))
        #expect(calls == [1, 1])
        #expect(probe.measurements.isEmpty)
    }

    @Test("other extents are tried where the model refuses the first")
    func extents() throws {
        let signature = ModelSignature(
            inputs: [Samples.spec("x", [.dynamic, .dynamic])], outputs: [Samples.spec("y", [.dynamic])])
        let (probe, _) = run(BatchProbe(signature: signature, limit: 4, budget: .seconds(1))) { inputs in
            let extents = inputs[0].tensor.shape.dimensions
            guard extents[1] >= 32 else { throw BatchError("") }
            return ["y": try Tensor([Float](repeating: 1, count: extents[0]), shape: [extents[0]])]
        }
        #expect(probe.verdict == .batches(exact: true))
        #expect(probe.notes.isEmpty)
    }

    @Test("without a batch dimension, or with room for one row, nothing is tried")
    func noTrial() {
        let fixed = ModelSignature(
            inputs: [Samples.spec("x", [.fixed(1)])], outputs: [Samples.spec("y", [.fixed(1)])])
        for (signature, limit, reason) in [
            (fixed, 8, "the signature has a fixed first dimension"),
            (Samples.flat, 1, "the model takes one row at a time"),
            (Samples.flat, 0, "the model takes one row at a time"),
        ] {
            var probe = BatchProbe(signature: signature, limit: limit, budget: .seconds(1))
            #expect(probe.nextTrial() == nil)
            #expect(probe.verdict == .alone(reason: reason))
        }
    }

    @Test("sizes double up to the limit, the limit included, each run twice and the faster counted")
    func sizes() {
        var cold = 0
        let (probe, calls) = run(
            flatProbe(limit: 6),
            cost: { rows in
                cold += 1
                return .milliseconds(10 + rows + (cold.isMultiple(of: 2) ? 5 : 0))
            }
        ) { try Self.rowSums($0) }
        #expect(calls == [1, 1, 2, 1, 1, 2, 2, 4, 4, 6, 6])
        #expect(probe.measurements.map(\.rows) == [1, 2, 4, 6])
        #expect(probe.measurements.map { Int(($0.seconds * 1_000).rounded()) } == [11, 12, 14, 16])
    }

    @Test("sizes end when two in a row bring no more rows per second")
    func noGain() {
        let (probe, _) = run(flatProbe(limit: 64), cost: { .milliseconds($0) }) { try Self.rowSums($0) }
        #expect(probe.measurements.map(\.rows) == [1, 2, 4])
    }

    @Test("sizes end when the next would leave the budget, and a dear single row ends all")
    func budget() {
        let (probe, calls) = run(
            flatProbe(limit: 1024, budget: .seconds(1)), cost: { .milliseconds(40 + $0) }
        ) { try Self.rowSums($0) }
        #expect(probe.verdict == .batches(exact: true))
        #expect(calls.reduce(0) { $0 + 40 + $1 } <= 1_000)
        #expect(probe.measurements.count >= 3)
        let (dear, dearCalls) = run(flatProbe(budget: .seconds(1)), cost: { _ in .seconds(2) }) { try Self.rowSums($0) }
        #expect(dearCalls == [1, 1])
        #expect(dear.verdict != .batches(exact: true))
        #expect(dear.measurements.map(\.seconds) == [2])
    }

    @Test("a limit of any size ends, also when calls cost nothing")
    func hostileLimit() {
        let (probe, _) = run(flatProbe(limit: .max), cost: { _ in .zero }) { try Self.rowSums($0) }
        #expect(probe.measurements.last?.rows == BatchProbe.largestSize)
    }

    @Test("a size that is refused ends the sizes, not the verdict; one with wrong rows ends both")
    func failingSize() {
        let (refused, _) = run(flatProbe(), cost: { _ in .milliseconds(1) }) { inputs in
            guard inputs[0].tensor.shape.dimensions[0] < 4 else { throw BatchError("") }
            return try Self.rowSums(inputs)
        }
        #expect(refused.verdict == .batches(exact: true))
        #expect(refused.measurements.map(\.rows) == [1, 2])
        #expect(refused.notes == ["sizes from 4 rows on were not tried: no: 4"])
        let (wrong, _) = run(flatProbe(), cost: { _ in .milliseconds(1) }) { inputs in
            inputs[0].tensor.shape.dimensions[0] < 4
                ? try Self.rowSums(inputs) : ["y": try Tensor([0, 0] as [Float], shape: [1, 2])]
        }
        #expect(wrong.verdict == .alone(reason: "output 'y' has 1 row for 4 rows of input"))
    }

    @Test("padding is tried, and refused when the model does not mind its mask")
    func padding() throws {
        let rule = try #require(try PaddingRule.find(in: Samples.tokens))
        let probe = BatchProbe(signature: Samples.tokens, limit: 4, budget: .seconds(1), padding: rule)
        #expect(probe.paddingRefusal != nil)
        let (good, calls) = run(probe) { try Samples.runTokens($0) }
        #expect(good.verdict == .batches(exact: true))
        #expect(good.paddingRefusal == nil)
        #expect(calls.prefix(5) == [1, 1, 2, 1, 2])
        let (careless, _) = run(probe) { inputs in
            let length = Float(inputs["ids"]?.shape.dimensions[1] ?? 0)
            var outputs = NamedTensors()
            for output in try Samples.runTokens(inputs) {
                guard output.name == "sum", let values: [Float] = output.tensor.values() else {
                    outputs.append(output.tensor, named: output.name)
                    continue
                }
                outputs.append(try Tensor(values.map { $0 / length }, shape: output.tensor.shape), named: "sum")
            }
            return outputs
        }
        #expect(careless.verdict == .batches(exact: true))
        #expect(careless.paddingRefusal?.hasPrefix("a padded row is answered differently: output 'sum'") == true)
    }

    @Test("the same trial is given until it is recorded, and results after the end change nothing")
    func idempotence() throws {
        var probe = flatProbe()
        let trials = [probe.nextTrial(), probe.nextTrial()].compactMap { $0 }
        #expect(trials.count == 2)
        #expect(Set(trials.map(Samples.content)).count == 1)
        var (finished, _) = run(probe) { try Self.rowSums($0) }
        let before = (finished.verdict, finished.measurements.count)
        finished.record(outputs: .success([:]), duration: .seconds(1))
        finished.record(outputs: .failure(EngineError(code: .cancelled, message: "")), duration: .seconds(1))
        #expect(finished.verdict == before.0)
        #expect(finished.measurements.count == before.1)
        #expect(finished.nextTrial() == nil)
    }

    @Test("the two rows differ even where few values are possible")
    func differentRows() throws {
        let signature = ModelSignature(
            inputs: [Samples.spec("x", .bool, [.dynamic])], outputs: [Samples.spec("y", [.dynamic])])
        var probe = BatchProbe(signature: signature, limit: 4, budget: .seconds(1))
        var seen: [NamedTensors] = []
        for _ in 0..<2 {
            let trial = probe.nextTrial()
            seen.append(try #require(trial))
            probe.record(outputs: .success(["y": try Tensor([0] as [Float], shape: [1])]), duration: .zero)
        }
        #expect(Samples.content(seen[0]) != Samples.content(seen[1]))
    }
}
