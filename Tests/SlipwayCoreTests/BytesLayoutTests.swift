// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import Testing

@Suite("BYTES layout")
struct BytesLayoutTests {
    private func tensor(_ bytes: [UInt8], _ shape: Shape) throws(TensorError) -> Tensor {
        let storage = bytes.withUnsafeBytes { TensorStorage(copying: $0) }
        return try Tensor(elementType: .bytes, shape: shape, storage: storage)
    }

    @Test("packs a little-endian length before each element")
    func layout() {
        let storage = BytesLayout.pack([[0x61, 0x62], [], [0xFF]])
        #expect(Array(storage.bytes) == [2, 0, 0, 0, 0x61, 0x62, 0, 0, 0, 0, 1, 0, 0, 0, 0xFF])
    }

    @Test(
        "gives strings back",
        arguments: [[], [""], ["", ""], ["a", "", "häß", "🚀"], [String(repeating: "x", count: 70_000)]])
    func strings(strings: [String]) throws {
        let tensor = try Tensor(strings, shape: [strings.count])
        #expect(tensor.strings == strings)
        #expect(tensor.count == strings.count)
    }

    @Test("repairs invalid UTF-8 only when asked for text")
    func invalidText() throws {
        let tensor = try tensor([2, 0, 0, 0, 0xC3, 0x28], [1])
        #expect(tensor.strings == ["\u{FFFD}("])
        var elements: [[UInt8]] = []
        tensor.forEachBytes { elements.append(Array($0)) }
        #expect(elements == [[0xC3, 0x28]])
    }

    @Test(
        "refuses data that ends inside an element, naming it",
        arguments: [
            ([], 1, 0), ([1, 0, 0], 1, 0), ([1, 0, 0, 0], 1, 0), ([0, 0, 0, 0], 2, 1),
            ([0, 0, 0, 0, 5, 0, 0, 0, 1], 2, 1),
            ([0xFF, 0xFF, 0xFF, 0xFF, 1], 1, 0), ([0, 0, 0, 0], Int.max, 1),
        ] as [([UInt8], Int, Int)])
    func truncated(bytes: [UInt8], count: Int, element: Int) {
        let error = #expect(throws: TensorError.self) { try tensor(bytes, [count]) }
        #expect(error?.code == .truncatedBytes)
        #expect(error?.message.contains("element \(element) ") == true)
    }

    @Test(
        "refuses bytes after the last element",
        arguments: [([0, 0, 0, 0, 9], [1]), ([1], [0]), ([0, 0, 0, 0, 0, 0, 0, 0], [1])] as [([UInt8], Shape)])
    func leftover(bytes: [UInt8], shape: Shape) {
        let error = #expect(throws: TensorError.self) { try tensor(bytes, shape) }
        #expect(error?.code == .sizeMismatch)
    }

    @Test("does nothing for tensors of other types")
    func otherTypes() throws {
        try Tensor([1] as [Int32], shape: [1]).forEachBytes { _ in Issue.record("called") }
    }
}
