// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayServing
import Testing

@Suite("Padding rule")
struct PaddingRuleTests {
    typealias Samples = AssemblySamples

    private static func batching(dimension: String? = nil, mask: String? = nil, pads: Bool? = nil) -> BatchingSpec {
        var spec = BatchingSpec()
        spec.paddedDimension = dimension
        spec.mask = mask
        spec.pads = pads
        return spec
    }

    private static func tokens(
        mask: TensorSpec? = nil, output: TensorSpec? = nil, more: [TensorSpec] = []
    ) -> ModelSignature {
        ModelSignature(
            inputs: [
                Samples.spec("ids", .int64, [Samples.batch, Samples.length]),
                mask ?? Samples.spec("attention_MASK", .int64, [Samples.batch, Samples.length]),
            ] + more,
            outputs: [output ?? Samples.spec("y", [Samples.batch, Samples.length, .fixed(4)])])
    }

    @Test("is found by the mask's name and the shared symbol")
    func found() throws {
        let rule = try #require(try PaddingRule.find(in: Samples.tokens))
        #expect(rule.symbol == "length")
        #expect(rule.mask == "mask")
        #expect(rule.inputDimensions == ["ids": 1, "mask": 1, "kinds": 1])
        #expect(rule.outputDimensions == ["hidden": [1], "pairs": [1, 2]])
        #expect(rule.length(of: try Samples.tokenInputs([[1, 2, 3]])) == 3)
        #expect(rule.length(of: [:]) == nil)
        #expect(try PaddingRule.find(in: Self.tokens())?.mask == "attention_MASK")
    }

    static let unfit: [ModelSignature] = [
        Samples.flat,
        // Two that may be the mask
        tokens(more: [Samples.spec("mask2", .bool, [Samples.batch, Samples.length])]),
        // A mask of its own length, of text, of another rank, of no symbol
        tokens(mask: Samples.spec("mask", .int64, [Samples.batch, .symbolic("other")])),
        tokens(mask: Samples.spec("mask", .bytes, [Samples.batch, Samples.length])),
        tokens(mask: Samples.spec("mask", .int64, [Samples.batch, Samples.length, .fixed(1)])),
        tokens(mask: Samples.spec("mask", .int64, [Samples.batch, .dynamic])),
        // An output that could not be cut
        tokens(output: Samples.spec("y", [Samples.batch, .dynamic])),
        tokens(output: Samples.spec("y", [Samples.batch, Samples.length, .symbolic("other")])),
        tokens(output: Samples.spec("y", .bytes, [Samples.batch, Samples.length])),
        // Inputs that could not be filled
        tokens(more: [Samples.spec("x", [Samples.batch, Samples.length, Samples.length])]),
        tokens(more: [Samples.spec("x", .bytes, [Samples.batch, Samples.length])]),
        // Not to be batched at all
        tokens(more: [Samples.spec("x", [.fixed(1)])]),
        tokens(output: Samples.spec("y", [Samples.length])),
    ]

    @Test("is not found where it does not fit, and asking for it is then an error", arguments: unfit)
    func notFound(signature: ModelSignature) throws {
        #expect(try PaddingRule.find(in: signature) == nil)
        #expect(throws: BatchError.self) {
            _ = try PaddingRule.find(in: signature, Self.batching(pads: true))
        }
    }

    @Test("may be switched off")
    func off() throws {
        #expect(try PaddingRule.find(in: Samples.tokens, Self.batching(mask: "mask", pads: false)) == nil)
    }

    @Test("may be named by hand where names say nothing")
    func byHand() throws {
        let signature = ModelSignature(
            inputs: [
                Samples.spec("a", .int64, [Samples.batch, Samples.length]),
                Samples.spec("b", .float32, [Samples.batch, Samples.length]),
            ], outputs: [Samples.spec("y", [Samples.batch])])
        #expect(try PaddingRule.find(in: signature) == nil)
        let rule = try PaddingRule.find(in: signature, Self.batching(mask: "b"))
        #expect(rule?.mask == "b")
        #expect(rule?.outputDimensions == [:])
        let both = try PaddingRule.find(in: signature, Self.batching(dimension: "length", mask: "b"))
        #expect(both == rule)
        let chosen = Self.tokens(more: [Samples.spec("mask2", .bool, [Samples.batch, Samples.length])])
        #expect(try PaddingRule.find(in: chosen, Self.batching(mask: "mask2"))?.mask == "mask2")
    }

    @Test("names by hand that are not there are refused with those that are")
    func wrongNames() {
        func message(_ batching: BatchingSpec) -> String? {
            do throws(BatchError) {
                _ = try PaddingRule.find(in: Samples.tokens, batching)
                return nil
            } catch {
                return error.message
            }
        }
        #expect(message(Self.batching(mask: "msk")) == "the model has no input 'msk', it has [ids, mask, kinds]")
        #expect(message(Self.batching(dimension: "len")) == "no input has a dimension 'len', they have [length]")
        #expect(message(Self.batching(dimension: "batch")) == "no input has a dimension 'batch', they have [length]")
        #expect(message(Self.batching(dimension: "length", mask: "ids")) == nil)
    }

    @Test("a mask by hand of another dimension than the one by hand is refused")
    func contradiction() {
        let signature = ModelSignature(
            inputs: [
                Samples.spec("a", .int64, [Samples.batch, .symbolic("p")]),
                Samples.spec("b", .int64, [Samples.batch, .symbolic("q")]),
            ], outputs: [Samples.spec("y", [Samples.batch])])
        #expect(throws: BatchError("the mask 'b' is [batch,q], not [batch,p]")) {
            _ = try PaddingRule.find(in: signature, Self.batching(dimension: "p", mask: "b"))
        }
        #expect(throws: BatchError("no input but the mask 'b' has the dimension 'q'")) {
            _ = try PaddingRule.find(in: signature, Self.batching(mask: "b"))
        }
    }

    @Test("buckets grow by quarters of a power of two")
    func bucketList() {
        let buckets = Set((1...64).map { PaddingRule.bucket($0) })
        #expect(buckets.sorted() == [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 56, 64])
    }

    @Test("a bucket is never shorter, is its own bucket, and wastes at most a quarter")
    func bucketBounds() {
        var last = 0
        for length in 1...20_000 {
            let bucket = PaddingRule.bucket(length)
            #expect(bucket >= length && bucket >= last && PaddingRule.bucket(bucket) == bucket)
            #expect((bucket - length) * 4 <= length)
            last = bucket
        }
    }

    @Test("lengths of any kind have a bucket", arguments: [Int.min, -1, 0, 1 << 40, (1 << 40) + 1, Int.max])
    func hostileLengths(length: Int) {
        #expect(PaddingRule.bucket(length) >= length)
    }
}
