// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayServing
import Testing

@Suite("Answer comparison")
struct AnswerComparisonTests {
    typealias Samples = AssemblySamples

    private func floats(_ values: [Double], columns: Int = 1, _ elementType: ElementType = .float32) throws
        -> NamedTensors
    {
        let shape: Shape = [values.count / columns, columns]
        switch elementType {
        case .float16: return ["y": try Tensor(values.map { Float16($0) }, shape: shape)]
        case .bfloat16: return ["y": try Tensor(values.map { BFloat16(Float($0)) }, shape: shape)]
        case .float64: return ["y": try Tensor(values, shape: shape)]
        default: return ["y": try Tensor(values.map { Float($0) }, shape: shape)]
        }
    }

    @Test(
        "floats of every width agree within the tolerance and differ beyond it",
        arguments: [ElementType.float16, .bfloat16, .float32, .float64])
    func tolerance(elementType: ElementType) throws {
        let reference = try floats([1, 2, 4, 100], elementType)
        // 1.125 and 104 are exact in every width: relative differences of 0.125, 0 and 0.04.
        let answer = try floats([1.125, 2, 4, 104], elementType)
        let strict = AnswerComparison(.tolerance(0.03)).compare(answer, to: reference)
        #expect((strict.differingRows, strict.largestDifference) == (2, 0.125))
        #expect(strict.output == "y")
        #expect(strict.reason == "2 of 4 rows differ, the most in output 'y'")
        let middle = AnswerComparison(.tolerance(0.05)).compare(answer, to: reference)
        #expect(middle.differingRows == 1)
        let loose = AnswerComparison(.tolerance(0.125)).compare(answer, to: reference)
        #expect(loose.agrees)
        #expect(loose.differingRows == 0)
        #expect(loose.largestDifference == 0.125)
    }

    private func floats(_ values: [Double], _ elementType: ElementType) throws -> NamedTensors {
        try floats(values, columns: 1, elementType)
    }

    @Test("differences are relative above 1 and absolute below")
    func scale() throws {
        let comparison = AnswerComparison(.tolerance(0.01))
        #expect(comparison.compare(try floats([0.005]), to: try floats([0])).agrees)
        #expect(comparison.compare(try floats([1_005]), to: try floats([1_000])).agrees)
        #expect(!comparison.compare(try floats([0.02]), to: try floats([0])).agrees)
        #expect(comparison.compare(try floats([-1_005]), to: try floats([-1_000])).agrees)
    }

    static let specials: [(Double, Double, Bool)] = [
        (.nan, .nan, true), (.nan, 1, false), (1, .nan, false), (.infinity, .infinity, true),
        (.infinity, -.infinity, false), (-.infinity, .infinity, false), (.infinity, 1, false), (1, .infinity, false),
        (.nan, .infinity, false), (0, -0.0, true), (.greatestFiniteMagnitude, -.greatestFiniteMagnitude, false),
    ]

    @Test("a NaN agrees with a NaN, an infinity with itself, with nothing else", arguments: specials)
    func specialValues(a: Double, b: Double, agrees: Bool) throws {
        let outcome = AnswerComparison(.tolerance(0.5)).compare(
            try floats([a, 1], .float64), to: try floats([b, 1], .float64))
        #expect(outcome.agrees == agrees)
        #expect(outcome.differingRows == (agrees ? 0 : 1))
        #expect(!outcome.largestDifference.isNaN)
        #expect((outcome.largestDifference > 0.5) == !agrees)
    }

    @Test("NaNs of other bits agree too")
    func quietNaNs() throws {
        let one: NamedTensors = ["y": try Tensor([Float(nan: 1, signaling: false), 1], shape: [2])]
        let other: NamedTensors = ["y": try Tensor([Float(nan: 2, signaling: false), 1], shape: [2])]
        #expect(AnswerComparison(.tolerance(0)).compare(one, to: other).agrees)
    }

    @Test("integers must be equal, however large", arguments: [AnswerComparison.Rule.tolerance(10), .topOne])
    func integers(rule: AnswerComparison.Rule) throws {
        let reference: NamedTensors = ["y": try Tensor([1 << 53, 5, .min] as [Int64], shape: [3, 1])]
        let answer: NamedTensors = ["y": try Tensor([(1 << 53) + 1, 5, .max] as [Int64], shape: [3, 1])]
        let outcome = AnswerComparison(rule).compare(answer, to: reference)
        #expect(outcome.differingRows == 2 && outcome.reason?.hasPrefix("2 of 3 rows differ") == true)
        #expect(outcome.largestDifference == 2)
    }

    @Test("every type agrees with itself and differs where a row was changed", arguments: ElementType.allCases)
    func everyType(elementType: ElementType) throws {
        var generator = SplitMix64(seed: 5)
        let signature = ModelSignature(inputs: [Samples.spec("y", elementType, [.fixed(3), .fixed(4)])], outputs: [])
        let reference = try #require(WarmUpInputs(.random(seed: 1)).tensors(for: signature))
        let rows = try BatchAssembly().split(reference, rowCounts: [1, 1, 1])
        let copy = try BatchAssembly.join(rows)
        for rule in [AnswerComparison.Rule.tolerance(0), .topOne] {
            #expect(AnswerComparison(rule).compare(copy, to: reference).agrees)
        }
        var changed: NamedTensors
        repeat {
            let seed = generator.next()
            let other = try #require(WarmUpInputs(.random(seed: seed)).tensors(for: signature))
            changed = try BatchAssembly().split(other, rowCounts: [1, 1, 1])[1]
        } while Samples.content(changed) == Samples.content(rows[1])
        let answer = try BatchAssembly.join([rows[0], changed, rows[2]])
        let outcome = AnswerComparison(.tolerance(0)).compare(answer, to: reference)
        #expect(outcome.differingRows == 1 && outcome.reason?.hasPrefix("1 of 3 rows differ") == true)
        #expect(outcome.output == "y")
        #expect(outcome.largestDifference > 0)
    }

    @Test("texts that shift their neighbours are told apart row by row")
    func texts() throws {
        let reference: NamedTensors = ["y": try Tensor(["a", "", "cat"], shape: [3])]
        let answer: NamedTensors = ["y": try Tensor(["abcd", "", "cat"], shape: [3])]
        let outcome = AnswerComparison(.tolerance(9)).compare(answer, to: reference)
        #expect((outcome.differingRows, outcome.largestDifference) == (1, 1))
    }

    @Test("by top-1 only the place of the largest score counts")
    func topOne() throws {
        let reference = try floats([0.1, 0.9, 0.6, 0.4, 0.5, 0.5], columns: 2)
        let same = try floats([0.4, 0.5, 9, -9, 0.7, 0.1], columns: 2)
        #expect(AnswerComparison(.topOne).compare(same, to: reference).agrees)
        let flipped = try floats([0.5, 0.4, 0.6, 0.4, 0.5, 0.6], columns: 2)
        let outcome = AnswerComparison(.topOne).compare(flipped, to: reference)
        #expect(outcome.differingRows == 2 && outcome.reason?.hasPrefix("2 of 3 rows differ") == true)
        // The reference prefers its own choice in the first row by 0.8; float32 holds 0.9 and 0.1 to 6e-8.
        #expect(abs(outcome.largestDifference - 0.8) < 1e-6)
    }

    @Test("by top-1 a NaN is never the largest, and rows of NaN agree")
    func topOneNaN() throws {
        let reference = try floats([.nan, 1, .nan, .nan], columns: 2)
        #expect(AnswerComparison(.topOne).compare(try floats([0, 1, .nan, .nan], columns: 2), to: reference).agrees)
        #expect(!AnswerComparison(.topOne).compare(try floats([2, 1, .nan, .nan], columns: 2), to: reference).agrees)
    }

    @Test("by top-1 outputs without a choice must be equal")
    func topOneOthers() throws {
        let single = try floats([0.5, 0.25])
        #expect(!AnswerComparison(.topOne).compare(try floats([0.5, 0.26]), to: single).agrees)
        let flat: NamedTensors = ["y": try Tensor([1, 2] as [Float], shape: [2])]
        let near: NamedTensors = ["y": try Tensor([1, 3] as [Float], shape: [2])]
        let outcome = AnswerComparison(.topOne).compare(near, to: flat)
        #expect(outcome.differingRows == 1 && outcome.reason?.hasPrefix("1 of 2 rows differ") == true)
        let labels: NamedTensors = ["y": try Tensor([3, 4] as [Int64], shape: [1, 2])]
        let others: NamedTensors = ["y": try Tensor([3, 5] as [Int64], shape: [1, 2])]
        #expect(!AnswerComparison(.topOne).compare(others, to: labels).agrees)
    }

    @Test("outputs, types or shapes that do not match make all rows differ, and say so")
    func mismatches() throws {
        let reference = try floats([1, 2, 3])
        func reason(_ answer: NamedTensors) -> String? {
            let outcome = AnswerComparison(.tolerance(1)).compare(answer, to: reference)
            #expect(outcome.differingRows == 3 && !outcome.agrees)
            return outcome.reason
        }
        #expect(reason([:]) == "output 'y' is missing")
        #expect(reason(["z": try Tensor([1] as [Float], shape: [1])]) == "output 'y' is missing")
        #expect(reason(try floats([1, 2, 3], .float64)) == "output 'y' is FP64, not FP32")
        #expect(reason(try floats([1, 2])) == "output 'y' has shape [2,1], not [3,1]")
        var extra = reference
        extra.append(try Tensor([1] as [Float], shape: [1]), named: "z")
        #expect(reason(extra) == "output 'z' is only in one answer")
    }

    @Test("a row that differs in two outputs counts once, and the order of outputs does not matter")
    func manyOutputs() throws {
        func answer(_ y: [Float], _ z: [Int32]) throws -> NamedTensors {
            ["z": try Tensor(z, shape: [2]), "y": try Tensor(y, shape: [2, 1])]
        }
        let reference: NamedTensors = [
            "y": try Tensor([1, 2] as [Float], shape: [2, 1]), "z": try Tensor([1, 2] as [Int32], shape: [2]),
        ]
        let comparison = AnswerComparison(.tolerance(0.1))
        #expect(comparison.compare(try answer([1, 2], [1, 2]), to: reference).agrees)
        let once = comparison.compare(try answer([1, 4], [1, 7]), to: reference)
        #expect((once.differingRows, once.output, once.largestDifference) == (1, "z", 2.5))
        let twice = comparison.compare(try answer([9, 2], [1, 7]), to: reference)
        #expect((twice.differingRows, twice.output, twice.largestDifference) == (2, "y", 8))
    }

    @Test("outputs of different first extents are one row, also scalars")
    func oneRow() throws {
        func answer(_ value: Float) throws -> NamedTensors {
            ["a": try Tensor([value, 2] as [Float], shape: [2]), "b": try Tensor([value], shape: [])]
        }
        let outcome = AnswerComparison(.tolerance(0.1)).compare(try answer(1), to: try answer(2))
        #expect(outcome.differingRows == 1 && outcome.reason?.hasPrefix("1 of 1 row differ") == true)
    }

    @Test("answers without elements agree, whatever their extents")
    func hostileExtents() throws {
        let huge: NamedTensors = ["y": try Samples.empty([1 << 62, 0])]
        #expect(AnswerComparison(.topOne).compare(huge, to: huge).agrees)
        #expect(AnswerComparison(.tolerance(0)).compare([:], to: [:]).agrees)
        let none: NamedTensors = ["y": try Samples.empty([0, 3])]
        #expect(AnswerComparison(.tolerance(0)).compare(none, to: none).agrees)
    }

    @Test("the tally adds up")
    func tally() throws {
        var tally = ShadowTally()
        let comparison = AnswerComparison(.tolerance(0.1))
        tally.add(comparison.compare(try floats([1, 2]), to: try floats([1, 2])))
        #expect(tally.lastReason == nil)
        tally.add(comparison.compare(try floats([1, 5]), to: try floats([1, 2])))
        tally.add(comparison.compare(try floats([1, 2.05]), to: try floats([1, 2])))
        #expect(tally.lastReason == "1 of 2 rows differ, the most in output 'y'")
        tally.addFailure("the engine said no")
        tally.addDropped()
        #expect((tally.compared, tally.agreed, tally.differed) == (3, 2, 1))
        #expect((tally.failed, tally.dropped) == (1, 1))
        #expect(tally.largestDifference == 1.5)
        #expect(tally.lastReason == "the engine said no")
    }
}
