// SPDX-License-Identifier: Apache-2.0

import SlipwayControl
import SlipwayCore
import Testing

@Suite("Signatures that callers of another one fit")
struct SignatureCompatibilityTests {
    private static func spec(
        _ name: String, _ shape: [Dimension]? = [.symbolic("b"), .fixed(4)], _ type: ElementType = .float32,
        isOptional: Bool = false, form: TensorSpec.Form = .tensor
    ) -> TensorSpec {
        TensorSpec(name: name, elementType: type, shape: shape, isOptional: isOptional, form: form)
    }

    private static func signature(_ inputs: [TensorSpec], _ outputs: [TensorSpec] = [spec("y")]) -> ModelSignature {
        ModelSignature(inputs: inputs, outputs: outputs)
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let old: ModelSignature
        let new: ModelSignature
        /// A part of each sentence that must come out.
        var differences: [String] = []
    }

    static let same = signature([spec("x")])

    static let cases: [Case] = [
        Case(testDescription: "the same", old: same, new: same),
        Case(
            testDescription: "inputs in another order", old: signature([spec("x"), spec("z")]),
            new: signature([spec("z"), spec("x")])),
        Case(
            testDescription: "a symbol of another name", old: same,
            new: signature([spec("x", [.symbolic("batch"), .fixed(4)])])),
        Case(testDescription: "wider input", old: same, new: signature([spec("x", [.dynamic, .dynamic])])),
        Case(testDescription: "input of any rank", old: same, new: signature([spec("x", nil)])),
        Case(
            testDescription: "input of any rank now has one", old: signature([spec("x", nil)]), new: same,
            differences: ["input 'x' was FP32 [...] and is FP32 [b,4]"]),
        Case(
            testDescription: "narrower input", old: same, new: signature([spec("x", [.fixed(1), .fixed(4)])]),
            differences: ["input 'x' was FP32 [b,4] and is FP32 [1,4]"]),
        Case(
            testDescription: "another fixed extent", old: same,
            new: signature([spec("x", [.symbolic("b"), .fixed(5)])]), differences: ["[b,5]"]),
        Case(
            testDescription: "another rank", old: same, new: signature([spec("x", [.symbolic("b")])]),
            differences: ["[b]"]),
        Case(
            testDescription: "another input type", old: same,
            new: signature([spec("x", [.symbolic("b"), .fixed(4)], .int64)]),
            differences: ["input 'x' was FP32 [b,4] and is INT64 [b,4]"]),
        Case(
            testDescription: "an input in another form", old: same, new: signature([spec("x", form: .sequence)]),
            differences: ["was a tensor and is a sequence"]),
        Case(
            testDescription: "an input more", old: same, new: signature([spec("x"), spec("z")]),
            differences: ["input 'z' (FP32 [b,4]) is new and required"]),
        Case(
            testDescription: "an optional input more", old: same,
            new: signature([spec("x"), spec("z", isOptional: true)])),
        Case(
            testDescription: "an input less", old: signature([spec("x"), spec("z")]), new: same,
            differences: ["input 'z' is gone"]),
        Case(
            testDescription: "an input renamed", old: same, new: signature([spec("z")]),
            differences: ["'x' is gone", "'z' (FP32 [b,4]) is new"]),
        Case(
            testDescription: "an optional input is required now", old: signature([spec("x", isOptional: true)]),
            new: same, differences: ["'x' was optional and is required now"]),
        Case(
            testDescription: "a required input is optional now", old: same,
            new: signature([spec("x", isOptional: true)])),
        Case(
            testDescription: "an output more", old: same, new: signature([spec("x")], [spec("y"), spec("p")])),
        Case(
            testDescription: "an output less", old: signature([spec("x")], [spec("y"), spec("p")]), new: same,
            differences: ["output 'p' is gone"]),
        Case(
            testDescription: "another output type", old: same, new: signature([spec("x")], [spec("y", nil, .float64)]),
            differences: ["output 'y' was FP32 [b,4] and is FP64 [...]"]),
        Case(
            testDescription: "an output in another form", old: same,
            new: signature([spec("x")], [spec("y", form: .classScores)]), differences: ["output 'y' was a tensor"]),
        Case(
            testDescription: "another output extent", old: same,
            new: signature([spec("x")], [spec("y", [.symbolic("b"), .fixed(5)])]), differences: ["output 'y'"]),
        Case(
            testDescription: "another output rank", old: same,
            new: signature([spec("x")], [spec("y", [.symbolic("b")])]),
            differences: ["output 'y'"]),
        Case(
            testDescription: "an output that is open now", old: same,
            new: signature([spec("x")], [spec("y", [.symbolic("b"), .dynamic])])),
        Case(testDescription: "an output of any rank", old: same, new: signature([spec("x")], [spec("y", nil)])),
        Case(
            testDescription: "everything at once", old: same, new: signature([spec("a")], [spec("b")]),
            differences: ["input 'x'", "input 'a'", "output 'y'"]),
    ]

    @Test("are told from those they do not fit, with what differs", arguments: cases)
    func compare(example: Case) {
        let result = SignatureCompatibility(from: example.old, to: example.new)
        #expect(result.differences.count == example.differences.count)
        for (sentence, part) in zip(result.differences, example.differences) { #expect(sentence.contains(part)) }
    }

    @Test("every signature fits itself", arguments: cases)
    func reflexive(example: Case) {
        for signature in [example.old, example.new] {
            #expect(SignatureCompatibility(from: signature, to: signature).differences == [])
        }
    }
}
