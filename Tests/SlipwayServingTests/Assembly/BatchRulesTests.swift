// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayServing
import Testing

@Suite("Batch rules")
struct BatchRulesTests {
    typealias Samples = AssemblySamples

    private func ones(_ extents: [Int]) throws -> Tensor {
        try Tensor([Float](repeating: 1, count: extents.reduce(1, *)), shape: Shape(extents))
    }

    private func tokenForm(_ length: Int, rows: Int = 1, pads: Bool = true) throws -> BatchForm? {
        let rules = BatchRules(
            signature: Samples.tokens, padding: pads ? try PaddingRule.find(in: Samples.tokens) : nil,
            maximumBatchSize: nil)
        let ids = [[Int64]](repeating: [Int64](repeating: 5, count: length), count: rows)
        return rules.form(of: try Samples.tokenInputs(ids), requestedOutputs: nil)
    }

    @Test("requests of any number of rows share a form")
    func rowsDoNotMatter() throws {
        let rules = BatchRules(signature: Samples.flat, padding: nil, maximumBatchSize: nil)
        let one = rules.form(of: ["x": try ones([1, 3])], requestedOutputs: nil)
        let many = rules.form(of: ["x": try ones([7, 3])], requestedOutputs: nil)
        #expect(one != nil && one == many)
        #expect(one?.hashValue == many?.hashValue)
    }

    @Test("no rows, a missing or unknown input, a wrong type or rank, an unknown output: alone")
    func alone() throws {
        let rules = BatchRules(signature: Samples.flat, padding: nil, maximumBatchSize: 8)
        let good = try ones([1, 3])
        #expect(rules.form(of: ["x": good], requestedOutputs: ["y"]) != nil)
        #expect(rules.form(of: ["x": try ones([0, 3])], requestedOutputs: nil) == nil)
        #expect(rules.form(of: [:], requestedOutputs: nil) == nil)
        #expect(rules.form(of: ["x": good, "z": good], requestedOutputs: nil) == nil)
        #expect(rules.form(of: ["x": try Tensor([1, 2, 3] as [Double], shape: [1, 3])], requestedOutputs: nil) == nil)
        #expect(rules.form(of: ["x": try ones([3])], requestedOutputs: nil) == nil)
        #expect(rules.form(of: ["x": try ones([])], requestedOutputs: nil) == nil)
        #expect(rules.form(of: ["x": good], requestedOutputs: ["nope"]) == nil)
        let single = BatchRules(signature: Samples.flat, padding: nil, maximumBatchSize: 1)
        #expect(single.form(of: ["x": good], requestedOutputs: nil) == nil)
        #expect(single.refusal == "the model takes one row at a time")
    }

    @Test("inputs with different numbers of rows run alone")
    func unequalRows() throws {
        let signature = ModelSignature(
            inputs: [Samples.spec("a", [.dynamic]), Samples.spec("b", [.dynamic])],
            outputs: [Samples.spec("y", [.dynamic])])
        let rules = BatchRules(signature: signature, padding: nil, maximumBatchSize: nil)
        #expect(rules.form(of: ["a": try ones([2]), "b": try ones([2])], requestedOutputs: nil) != nil)
        #expect(rules.form(of: ["a": try ones([2]), "b": try ones([3])], requestedOutputs: nil) == nil)
    }

    @Test("inputs may come in any order, texts too")
    func order() throws {
        let signature = ModelSignature(
            inputs: [Samples.spec("a", .bytes, [.dynamic, .fixed(1)]), Samples.spec("b", [.dynamic, .dynamic])],
            outputs: [Samples.spec("y", [.dynamic])])
        let rules = BatchRules(signature: signature, padding: nil, maximumBatchSize: nil)
        let text = try Tensor(["some", "more"], shape: [2, 1])
        let one = rules.form(of: ["a": text, "b": try ones([2, 5])], requestedOutputs: nil)
        let other = rules.form(of: ["b": try ones([2, 5]), "a": text], requestedOutputs: nil)
        #expect(one != nil && one == other)
        #expect(one != rules.form(of: ["a": text, "b": try ones([2, 6])], requestedOutputs: nil))
    }

    @Test("the outputs asked for, and their order, are part of the form")
    func outputs() throws {
        let signature = ModelSignature(
            inputs: [Samples.spec("x", [.dynamic])],
            outputs: [Samples.spec("a", [.dynamic]), Samples.spec("b", [.dynamic])])
        let rules = BatchRules(signature: signature, padding: nil, maximumBatchSize: nil)
        let inputs: NamedTensors = ["x": try ones([1])]
        let requests: [[String]?] = [nil, [], ["a"], ["b"], ["a", "b"], ["b", "a"]]
        let forms = try requests.map { try #require(rules.form(of: inputs, requestedOutputs: $0)) }
        #expect(Set(forms).count == requests.count)
    }

    @Test("an optional input that is there and one that is not are different forms")
    func optionalInputs() throws {
        let rules = BatchRules(signature: Samples.tokens, padding: nil, maximumBatchSize: nil)
        var inputs = try Samples.tokenInputs([[1, 2]])
        let without = rules.form(of: inputs, requestedOutputs: nil)
        inputs.append(try Tensor([0, 1] as [Int64], shape: [1, 2]), named: "kinds")
        let with = rules.form(of: inputs, requestedOutputs: nil)
        #expect(without != nil && with != nil && with != without)
    }

    @Test("lengths of one bucket share a form when they can be padded, else only equal ones")
    func buckets() throws {
        #expect(try tokenForm(9) == tokenForm(10, rows: 3))
        #expect(try tokenForm(10) != tokenForm(11))
        #expect(try tokenForm(9, pads: false) != tokenForm(10, pads: false))
        #expect(try tokenForm(10, pads: false) == tokenForm(10, pads: false))
        #expect(try tokenForm(0) == nil)
    }

    @Test("without its mask a request cannot be padded")
    func missingMask() throws {
        let signature = ModelSignature(
            inputs: [
                Samples.spec("ids", .int64, [Samples.batch, Samples.length]),
                Samples.spec("mask", .int64, [Samples.batch, Samples.length], optional: true),
            ], outputs: [Samples.spec("y", [Samples.batch])])
        let rules = BatchRules(
            signature: signature, padding: try PaddingRule.find(in: signature), maximumBatchSize: nil)
        func form(_ length: Int) throws -> BatchForm? {
            let ids: NamedTensors = [
                "ids": try #require(Samples.tokenInputs([[Int64](repeating: 1, count: length)])["ids"])
            ]
            return rules.form(of: ids, requestedOutputs: nil)
        }
        #expect(try form(9) != form(10))
        #expect(try form(10) != nil)
        let masked = rules.form(
            of: try Samples.tokenInputs([[Int64](repeating: 1, count: 10)]), requestedOutputs: nil)
        #expect(try form(10) != masked)
    }

    @Test("equal forms can be assembled, whatever the requests")
    func formsHold() throws {
        let rule = try PaddingRule.find(in: Samples.tokens)
        let rules = BatchRules(signature: Samples.tokens, padding: rule, maximumBatchSize: nil)
        var generator = SplitMix64(seed: 21)
        var byForm: [BatchForm: [BatchAssembly.Part]] = [:]
        for _ in 0..<300 {
            let rows = Int.random(in: 1...3, using: &generator)
            let length = Int.random(in: 1...40, using: &generator)
            var inputs = try Samples.tokenInputs(
                [[Int64]](repeating: [Int64](repeating: 1, count: length), count: rows))
            if Bool.random(using: &generator) {
                inputs.append(try Samples.random(.int64, [rows, length], &generator), named: "kinds")
            }
            let form = try #require(rules.form(of: inputs, requestedOutputs: nil))
            byForm[form, default: []].append((inputs, 0..<rules.rows(of: inputs)))
        }
        #expect(byForm.count > 10)
        for parts in byForm.values {
            let together = try BatchAssembly(padding: rule).assemble(parts)
            let lengths = parts.map { $0.inputs["ids"]?.shape.dimensions[1] ?? 0 }
            #expect(together["ids"]?.shape.dimensions == [parts.reduce(0) { $0 + $1.rows.count }, lengths.max() ?? 0])
        }
    }

    static let refused: [(ModelSignature, String)] = {
        let good = AssemblySamples.spec("y", [.dynamic])
        func signature(_ input: TensorSpec, _ output: TensorSpec? = nil) -> ModelSignature {
            ModelSignature(inputs: [input], outputs: [output ?? good])
        }
        return [
            (ModelSignature(inputs: [], outputs: [good]), "the model has no inputs"),
            (
                signature(AssemblySamples.spec("x", [.fixed(1), .dynamic])),
                "the signature has a fixed first dimension"
            ),
            (signature(AssemblySamples.spec("x", [])), "input 'x' is a scalar"),
            (signature(AssemblySamples.spec("x", nil)), "the rank of input 'x' is unknown"),
            (signature(AssemblySamples.spec("x", [.dynamic], form: .sequence)), "input 'x' is a sequence"),
            (
                signature(AssemblySamples.spec("x", [.dynamic]), AssemblySamples.spec("y", [])),
                "output 'y' is a scalar"
            ),
            (
                signature(AssemblySamples.spec("x", [.symbolic("n"), .symbolic("n")])),
                "input 'x' has its first dimension's 'n' in another place, too"
            ),
        ]
    }()

    @Test("models whose first dimension is no batch never batch, and say why", arguments: refused)
    func refusals(signature: ModelSignature, reason: String) throws {
        let rules = BatchRules(signature: signature, padding: nil, maximumBatchSize: nil)
        #expect(rules.refusal == reason)
        #expect(rules.form(of: ["x": try ones([4])], requestedOutputs: nil) == nil)
        #expect(rules.rows(of: ["x": try ones([4])]) == 1)
    }

    @Test("rows are the first dimension, and one at least")
    func rows() throws {
        let rules = BatchRules(signature: Samples.flat, padding: nil, maximumBatchSize: 1)
        #expect(rules.rows(of: ["x": try ones([5, 3])]) == 5)
        #expect(rules.rows(of: ["x": try ones([0, 3])]) == 1)
        #expect(rules.rows(of: [:]) == 1)
    }
}
