// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayServing
import Testing

@Suite("Batch assembly")
struct BatchAssemblyTests {
    typealias Samples = AssemblySamples

    @Test("rows put together and taken apart are the rows that came, for every type", arguments: ElementType.allCases)
    func roundTrip(elementType: ElementType) throws {
        var generator = SplitMix64(seed: 3)
        for _ in 0..<40 {
            let extents = (0..<Int.random(in: 0...2, using: &generator)).map { _ in
                Int.random(in: 0...3, using: &generator)
            }
            var parts: [BatchAssembly.Part] = []
            var expected: [NamedTensors] = []
            for _ in 0..<Int.random(in: 1...5, using: &generator) {
                let rows = Int.random(in: 1...4, using: &generator)
                let tensors: NamedTensors = [
                    "x": try Samples.random(elementType, [rows] + extents, &generator),
                    "z": try Samples.random(.int32, [rows], &generator),
                ]
                let start = Int.random(in: 0..<rows, using: &generator)
                let end = Int.random(in: (start + 1)...rows, using: &generator)
                parts.append((tensors, start..<end))
                expected.append(
                    try BatchAssembly.join(try (start..<end).map { try Samples.row($0, of: tensors) }))
            }
            let together = try BatchAssembly().assemble(parts)
            #expect(together.allSatisfy { $0.tensor.shape.dimensions[0] == parts.reduce(0) { $0 + $1.rows.count } })
            let apart = try BatchAssembly().split(together, rowCounts: parts.map(\.rows.count))
            #expect(apart.map(Samples.content) == expected.map(Samples.content))
        }
    }

    @Test("a batch of mixed lengths is answered bit for bit as its requests alone")
    func paddedBatches() throws {
        let rule = try #require(try PaddingRule.find(in: Samples.tokens))
        let assembly = BatchAssembly(padding: rule)
        var generator = SplitMix64(seed: 9)
        for _ in 0..<100 {
            let parts = try (0..<Int.random(in: 1...6, using: &generator)).map { _ -> BatchAssembly.Part in
                let length = Int.random(in: 1...7, using: &generator)
                let ids = (0..<Int.random(in: 1...3, using: &generator)).map { _ in
                    (0..<length).map { _ in Int64.random(in: -50...50, using: &generator) }
                }
                return (try Samples.tokenInputs(ids), 0..<ids.count)
            }
            let answer = try Samples.runTokens(try assembly.assemble(parts))
            let apart = try assembly.split(
                answer, rowCounts: parts.map(\.rows.count), lengths: assembly.lengths(of: parts))
            let alone = try parts.map { try Samples.runTokens($0.inputs) }
            #expect(apart.map(Samples.content) == alone.map(Samples.content))
        }
    }

    @Test("shorter rows are filled with zeros up to the longest, the mask like the rest")
    func padding() throws {
        let rule = try #require(try PaddingRule.find(in: Samples.tokens))
        let assembly = BatchAssembly(padding: rule)
        let parts: [BatchAssembly.Part] = [
            (try Samples.tokenInputs([[7, 8], [9, 6]]), 0..<2), (try Samples.tokenInputs([[1, 2, 3]]), 0..<1),
        ]
        #expect(assembly.lengths(of: parts) == [2, 3])
        let together = try assembly.assemble(parts)
        #expect(together["ids"]?.shape == [3, 3])
        #expect(together["ids"]?.values() == [7, 8, 0, 9, 6, 0, 1, 2, 3] as [Int64])
        #expect(together["mask"]?.values() == [1, 1, 0, 1, 1, 0, 1, 1, 1] as [Int64])
        #expect(assembly.lengths(of: [parts[0], parts[0]]) == nil)
        #expect(assembly.lengths(of: [parts[0]]) == nil)
    }

    @Test("a padded dimension may lie behind and before others")
    func innerPadding() throws {
        let signature = ModelSignature(
            inputs: [
                Samples.spec("mask", .bool, [Samples.batch, Samples.length]),
                Samples.spec("x", .uint8, [Samples.batch, .fixed(2), Samples.length, .fixed(2)]),
            ], outputs: [Samples.spec("y", .uint8, [Samples.batch, .fixed(2), Samples.length, .fixed(2)])])
        let assembly = BatchAssembly(padding: try PaddingRule.find(in: signature))
        func part(_ first: UInt8, _ length: Int) throws -> BatchAssembly.Part {
            let values = (0..<(4 * length)).map { first + UInt8($0) }
            return (
                [
                    "mask": try Tensor([Bool](repeating: true, count: length), shape: [1, length]),
                    "x": try Tensor(values, shape: [1, 2, length, 2]),
                ], 0..<1
            )
        }
        let parts = [try part(1, 1), try part(10, 2)]
        let together = try assembly.assemble(parts)
        #expect(together["x"]?.values() == [1, 2, 0, 0, 3, 4, 0, 0, 10, 11, 12, 13, 14, 15, 16, 17] as [UInt8])
        let answer: NamedTensors = ["y": try #require(together["x"])]
        let apart = try assembly.split(answer, rowCounts: [1, 1], lengths: assembly.lengths(of: parts))
        #expect(apart[0]["y"]?.values() == [1, 2, 3, 4] as [UInt8])
        #expect(apart[1]["y"]?.values() == [10, 11, 12, 13, 14, 15, 16, 17] as [UInt8])
    }

    @Test("a single request is not copied, whole or in part")
    func views() throws {
        let tensors: NamedTensors = [
            "x": try Tensor((0..<12).map { Float($0) }, shape: [4, 3]),
            "t": try Tensor(["a", "", "ccc", "d"], shape: [4]),
        ]
        let assembly = BatchAssembly()
        let whole = try assembly.assemble([(tensors, 0..<4)])
        #expect(whole["x"]?.storage === tensors["x"]?.storage)
        let part = try assembly.assemble([(tensors, 1..<3)])
        #expect(part["x"]?.values() == [3, 4, 5, 6, 7, 8] as [Float])
        #expect(part["t"]?.strings == ["", "ccc"])
        #expect(part["x"]?.storage.bytes.baseAddress == tensors["x"]?.storage.bytes.baseAddress.map { $0 + 12 })
        let apart = try assembly.split(tensors, rowCounts: [1, 0, 3])
        #expect(apart.map { $0["t"]?.strings } == [["a"], [], ["", "ccc", "d"]])
        #expect(apart[2]["x"]?.storage.bytes.baseAddress == part["x"]?.storage.bytes.baseAddress)
    }

    @Test("an answer with another number of rows than asked for is refused with both numbers")
    func wrongRows() throws {
        let three: NamedTensors = ["y": try Tensor([1, 2, 3] as [Float], shape: [3])]
        #expect(throws: BatchError("output 'y' has 3 rows for 8 rows of input")) {
            _ = try BatchAssembly().split(three, rowCounts: [5, 3])
        }
        #expect(throws: BatchError("output 'y' has 3 rows for 1 row of input")) {
            _ = try BatchAssembly().split(three, rowCounts: [1])
        }
        let scalar: NamedTensors = ["y": try Tensor([1] as [Float], shape: [])]
        #expect(throws: BatchError("output 'y' has no rows, it is a scalar")) {
            _ = try BatchAssembly().split(scalar, rowCounts: [1, 1])
        }
        for counts in [[-1, 4], [Int.max, 1], [Int.max, Int.max]] {
            #expect(throws: BatchError.self) { _ = try BatchAssembly().split(three, rowCounts: counts) }
        }
    }

    @Test("an answer that has not the padded length is refused")
    func wrongLength() throws {
        let rule = try #require(try PaddingRule.find(in: Samples.tokens))
        let answer: NamedTensors = ["hidden": try Tensor([Float](repeating: 0, count: 8), shape: [2, 2, 2])]
        #expect(throws: BatchError("output 'hidden' has shape [2,2,2], not the input's length 3")) {
            _ = try BatchAssembly(padding: rule).split(answer, rowCounts: [1, 1], lengths: [2, 3])
        }
    }

    @Test("portions of a split request are joined in order; those that do not fit are refused")
    func joining() throws {
        let first: NamedTensors = [
            "y": try Tensor([1, 2] as [Float], shape: [2, 1]), "t": try Tensor(["a", "bb"], shape: [2]),
        ]
        let second: NamedTensors = [
            "y": try Tensor([3] as [Float], shape: [1, 1]), "t": try Tensor([""], shape: [1]),
        ]
        let joined = try BatchAssembly.join([first, second])
        #expect(joined["y"]?.values() == [1, 2, 3] as [Float])
        #expect(joined["t"]?.strings == ["a", "bb", ""])
        #expect(joined.names == ["y", "t"])
        let misfits: [NamedTensors] = [
            ["y": try Tensor([3, 4] as [Float], shape: [1, 2]), "t": try Tensor([""], shape: [1])],
            ["y": try Tensor([3] as [Double], shape: [1, 1]), "t": try Tensor([""], shape: [1])],
            ["y": try Tensor([3] as [Float], shape: [1]), "t": try Tensor([""], shape: [1])],
            ["y": try Tensor([3] as [Float], shape: [1, 1])],
            ["y": try Tensor([3] as [Float], shape: [1, 1]), "u": try Tensor([""], shape: [1])],
            ["y": try Tensor([3, 4] as [Float], shape: [2, 1]), "t": try Tensor([""], shape: [1])],
        ]
        for misfit in misfits {
            #expect(throws: BatchError.self) { _ = try BatchAssembly.join([first, misfit]) }
        }
        #expect(throws: BatchError.self) { _ = try BatchAssembly.join([]) }
    }

    @Test("sizes that no memory holds are refused, not trapped on")
    func hostileSizes() throws {
        let assembly = BatchAssembly()
        let huge: NamedTensors = ["x": try Samples.empty([1 << 62, 0])]
        #expect(throws: BatchError.self) { _ = try assembly.assemble([(huge, 0..<(1 << 62)), (huge, 0..<(1 << 62))]) }
        let sum = try assembly.assemble([(huge, 0..<5), (huge, 3..<4)])
        #expect(sum["x"]?.shape == [6, 0])
        let wide: NamedTensors = ["x": try Samples.empty([0, 1 << 62, 2])]
        #expect(throws: BatchError.self) { _ = try assembly.assemble([(wide, 0..<0), (wide, 0..<1)]) }
        #expect(throws: BatchError.self) { _ = try assembly.split(wide, rowCounts: [0, 0]) }
        #expect(throws: BatchError.self) { _ = try assembly.assemble([(huge, -1..<2), (huge, 0..<1)]) }
        #expect(throws: BatchError.self) { _ = try assembly.assemble([(try Samples.tokenInputs([[1]]), 0..<2)]) }
    }

    @Test("padding from no length at all, or over extents without elements, ends at once")
    func hostilePadding() throws {
        let signature = ModelSignature(
            inputs: [
                Samples.spec("mask", .bool, [Samples.batch, Samples.length]),
                Samples.spec("x", .float32, [Samples.batch, .dynamic, Samples.length, .dynamic]),
            ], outputs: [Samples.spec("y", [Samples.batch])])
        let assembly = BatchAssembly(padding: try PaddingRule.find(in: signature))
        func part(_ length: Int, _ outer: Int, _ inner: Int) throws -> BatchAssembly.Part {
            (
                [
                    "mask": try Tensor([Bool](repeating: true, count: length), shape: [1, length]),
                    "x": try Samples.empty([1, outer, length, inner]),
                ], 0..<1
            )
        }
        let together = try assembly.assemble([try part(1, 1 << 50, 0), try part(2, 1 << 50, 0)])
        #expect(together["x"]?.shape == [2, 1 << 50, 2, 0])
        #expect(throws: BatchError.self) {
            _ = try assembly.assemble([try part(0, 1 << 50, 1), try part(2, 1 << 50, 0)])
        }
        #expect(throws: BatchError.self) { _ = try assembly.assemble([try part(0, 1, 1), try part(0, 2, 1)]) }
    }
}

extension AssemblySamples {
    /// One row, taken by counting elements, without the code under test.
    static func row(_ row: Int, of tensors: NamedTensors) throws -> NamedTensors {
        var result = NamedTensors()
        for element in tensors {
            let shape = Shape([1] + element.tensor.shape.dimensions.dropFirst())
            let count = shape.elementCount ?? 0
            let storage: TensorStorage
            if let width = element.tensor.elementType.byteWidth {
                let bytes = Array(element.tensor.storage.bytes)[(row * count * width)..<((row + 1) * count * width)]
                storage = Array(bytes).withUnsafeBytes { TensorStorage(copying: $0) }
            } else {
                var texts: [[UInt8]] = []
                element.tensor.forEachBytes { texts.append(Array($0)) }
                storage = BytesLayout.pack(Array(texts[(row * count)..<((row + 1) * count)]))
            }
            result.append(
                try Tensor(elementType: element.tensor.elementType, shape: shape, storage: storage),
                named: element.name)
        }
        return result
    }
}
