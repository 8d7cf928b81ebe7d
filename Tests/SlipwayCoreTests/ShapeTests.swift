// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import Testing

@Suite("Shape")
struct ShapeTests {
    @Test(
        "counts elements",
        arguments: [
            ([], 1), ([0], 0), ([1], 1), ([2, 3, 4], 24), ([Int.max], Int.max), ([Int.max, 0], 0), ([0, Int.max], 0),
            ([1 << 31, 1 << 31], 1 << 62),
        ] as [([Int], Int)])
    func elementCount(dimensions: [Int], count: Int) {
        #expect(Shape(dimensions).elementCount == count)
    }

    @Test(
        "has no count when a dimension is negative or the product does not fit",
        arguments: [
            [-1], [2, -3], [0, -1], [Int.min], [Int.max, 2], [1 << 32, 1 << 31], [1 << 32, 1 << 32, 1 << 32],
        ])
    func noElementCount(dimensions: [Int]) {
        #expect(Shape(dimensions).elementCount == nil)
    }

    @Test("tells rank and scalar")
    func rank() {
        #expect(Shape([]).isScalar)
        #expect(Shape([]).rank == 0)
        #expect(!([1] as Shape).isScalar)
        #expect(([1, 3, 224, 224] as Shape).rank == 4)
    }

    @Test("is written as a list")
    func description() {
        #expect(([1, 3, 224] as Shape).description == "[1,3,224]")
        #expect(Shape([]).description == "[]")
    }
}
