// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayServing
import Testing

@Suite("Warm-up inputs")
struct WarmUpInputsTests {
    typealias Samples = AssemblySamples

    private static func signature(_ inputs: TensorSpec...) -> ModelSignature {
        ModelSignature(inputs: inputs, outputs: [])
    }

    @Test("variable dimensions get the rows and the extent asked for, a symbol the same throughout")
    func shapes() throws {
        let signature = Self.signature(
            Samples.spec("a", [.symbolic("n"), .fixed(3), .dynamic, .symbolic("t")]),
            Samples.spec("b", [.dynamic, .symbolic("n"), .symbolic("s")]), Samples.spec("c", []),
            Samples.spec("d", .int8, [.dynamic], optional: true))
        for kind in [WarmUpInputs.Kind.zeros, .random(seed: 1)] {
            let inputs = WarmUpInputs(kind, rows: 2, extent: 5, symbolExtents: ["s": 4]).tensors(for: signature)
            let tensors = try #require(inputs)
            #expect(tensors.map(\.tensor.shape) == [[2, 3, 5, 5], [2, 2, 4], []])
            #expect(tensors.names == ["a", "b", "c"])
        }
        #expect(WarmUpInputs(.zeros).tensors(for: signature)?["a"]?.shape == [1, 3, 1, 1])
    }

    @Test("zeros are zeros of every type, texts empty", arguments: ElementType.allCases)
    func zeros(elementType: ElementType) throws {
        let signature = Self.signature(Samples.spec("x", elementType, [.dynamic, .fixed(4)]))
        let tensor = try #require(WarmUpInputs(.zeros, rows: 3).tensors(for: signature)?["x"])
        #expect(tensor.elementType == elementType)
        #expect(tensor.shape == [3, 4])
        #expect(tensor.storage.bytes.allSatisfy { $0 == 0 })
    }

    @Test(
        "random values of every type pass the signature's check, repeat by seed and vary",
        arguments: ElementType.allCases)
    func random(elementType: ElementType) throws {
        let signature = Self.signature(Samples.spec("x", elementType, [.dynamic, .fixed(50)]))
        func make(_ seed: UInt64) throws -> NamedTensors {
            try #require(WarmUpInputs(.random(seed: seed), rows: 4).tensors(for: signature))
        }
        let one = try make(1)
        try signature.check(one)
        #expect(Samples.content(one) == Samples.content(try make(1)))
        #expect(Samples.content(one) != Samples.content(try make(2)))
    }

    @Test("random floats lie in [0, 1), integers are 0 or 1, texts short small letters")
    func ranges() throws {
        let shape: [Dimension] = [.fixed(4_000)]
        let signature = Self.signature(
            Samples.spec("h", .float16, shape), Samples.spec("b", .bfloat16, shape), Samples.spec("f", shape),
            Samples.spec("d", .float64, shape), Samples.spec("i", .int64, shape), Samples.spec("u", .uint8, shape),
            Samples.spec("t", .bytes, shape))
        let tensors = try #require(WarmUpInputs(.random(seed: 4)).tensors(for: signature))
        var floats: [Double] = try #require(tensors["d"]?.values(as: Double.self))
        floats += try #require(tensors["f"]?.values(as: Float.self)).map { Double($0) }
        floats += try #require(tensors["h"]?.values(as: Float16.self)).map { Double($0) }
        floats += try #require(tensors["b"]?.values(as: BFloat16.self)).map { Double($0.float) }
        #expect(floats.allSatisfy { (0..<1).contains($0) })
        // The mean of 16,000 such values has a standard deviation of 0.0023; 0.03 is 13 of them.
        #expect(abs(floats.reduce(0, +) / Double(floats.count) - 0.5) < 0.03)
        #expect(Set(try #require(tensors["i"]?.values(as: Int64.self))) == [0, 1])
        #expect(Set(try #require(tensors["u"]?.values(as: UInt8.self))) == [0, 1])
        let texts = try #require(tensors["t"]?.strings)
        #expect(
            texts.allSatisfy { (1...8).contains($0.utf8.count) && $0.utf8.allSatisfy { (0x61...0x7A).contains($0) } })
    }

    @Test("masks are all one when random, so that everything counts")
    func masks() throws {
        let signature = Self.signature(
            Samples.spec("attention_mask", .int64, [.fixed(64)]), Samples.spec("Mask", .float32, [.fixed(64)]))
        let tensors = try #require(WarmUpInputs(.random(seed: 4)).tensors(for: signature))
        #expect(tensors["attention_mask"]?.values() == [Int64](repeating: 1, count: 64))
        #expect(tensors["Mask"]?.values() == [Float](repeating: 1, count: 64))
    }

    static let impossible: [ModelSignature] = [
        signature(Samples.spec("x", nil)),
        signature(Samples.spec("x", [.dynamic], form: .sequence)),
        signature(Samples.spec("x", [.fixed(-1)])),
        signature(Samples.spec("x", [.fixed(WarmUpInputs.maximumElements + 1)])),
        signature(Samples.spec("x", [.fixed(Int.max), .fixed(2)])),
        signature(
            Samples.spec("x", .bool, [.fixed(WarmUpInputs.maximumElements / 2 + 1)]),
            Samples.spec("y", .bool, [.fixed(WarmUpInputs.maximumElements / 2)])),
    ]

    @Test("nothing is made up of unknown rank, sequences or too many elements", arguments: impossible)
    func none(signature: ModelSignature) {
        #expect(WarmUpInputs(.zeros).tensors(for: signature) == nil)
    }

    @Test("more rows or a larger extent than an Int holds make nothing", arguments: [Int.max, -1])
    func hostileExtents(extent: Int) {
        let signature = Self.signature(Samples.spec("x", [.dynamic, .dynamic, .fixed(2)]))
        #expect(WarmUpInputs(.random(seed: 1), rows: extent).tensors(for: signature) == nil)
        #expect(WarmUpInputs(.random(seed: 1), rows: extent, extent: extent).tensors(for: signature) == nil)
    }
}
