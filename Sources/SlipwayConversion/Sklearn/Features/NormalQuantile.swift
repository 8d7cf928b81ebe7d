// SPDX-License-Identifier: Apache-2.0

import Glibc
import SlipwayCore
import SlipwayFormats

/// The inverse of the normal distribution's cumulative function, to 1e-15 between 1e-10 and 1 - 1e-10.
///
/// Wichura, Algorithm AS 241: the percentage points of the normal distribution, 1988; its outermost branch lies beyond
/// these bounds and is left out.
enum NormalQuantile {
    private static let bound = 1e-10
    /// Numerators and denominators, the constant first, near the middle and further out.
    private static let middle: ([Double], [Double]) = (
        [
            3.387_132_872_796_366_6, 133.141_667_891_784_38, 1971.590_950_306_551_4, 13_731.693_765_509_461,
            45_921.953_931_549_87, 67_265.770_927_008_7, 33_430.575_583_588_13, 2509.080_928_730_122_7,
        ],
        [
            1, 42.313_330_701_600_91, 687.187_007_492_057_9, 5394.196_021_424_751, 21_213.794_301_586_597,
            39_307.895_800_092_71, 28_729.085_735_721_943, 5226.495_278_852_854_6,
        ]
    )
    private static let outside: ([Double], [Double]) = (
        [
            1.423_437_110_749_683_6, 4.630_337_846_156_545_3, 5.769_497_221_460_691_4, 3.647_848_324_763_204_6,
            1.270_458_252_452_368_4, 0.241_780_725_177_450_62, 0.022_723_844_989_269_184,
            0.000_774_545_014_278_341_4,
        ],
        [
            1, 2.053_191_626_637_759, 1.676_384_830_183_803_8, 0.689_767_334_985_1, 0.148_103_976_427_480_07,
            0.015_198_666_563_616_457, 0.000_547_593_808_499_534_5, 1.050_750_071_644_416_9e-9,
        ]
    )

    /// Of one share.
    static func value(_ share: Double) -> Double {
        let share = min(max(share, bound), 1 - bound)
        let offset = share - 0.5
        func ratio(_ parts: ([Double], [Double]), _ x: Double) -> Double {
            func sum(_ terms: [Double]) -> Double { terms.reversed().reduce(0) { $0 * x + $1 } }
            return sum(parts.0) / sum(parts.1)
        }
        if abs(offset) <= 0.425 { return offset * ratio(middle, 0.180625 - offset * offset) }
        let size = ratio(outside, (-log(min(share, 1 - share))).squareRoot() - 1.6)
        return offset < 0 ? -size : size
    }

    /// Of a float64 value of any shape.
    static func values(of shares: String, in graph: inout GraphBuilder) -> String {
        let share = graph.node("Clip", [shares, graph.double(bound), graph.double(1 - bound)])
        let offset = graph.subtract(share, graph.double(0.5))
        let inner = graph.subtract(graph.double(0.180625), graph.square(offset))
        let near = graph.multiply(offset, ratio(middle, inner, &graph))
        let tail = graph.node("Min", [share, graph.subtract(graph.double(1), share)])
        let root = graph.node("Sqrt", [graph.negate(graph.node("Log", [tail]))])
        let size = ratio(outside, graph.subtract(root, graph.double(1.6)), &graph)
        let far = graph.multiply(size, graph.node("Sign", [offset]))
        let isNear = graph.node("LessOrEqual", [graph.node("Abs", [offset]), graph.double(0.425)])
        return graph.choose(isNear, near, far)
    }

    private static func ratio(
        _ parts: ([Double], [Double]), _ x: String, _ graph: inout GraphBuilder
    ) -> String {
        func sum(_ terms: [Double], _ graph: inout GraphBuilder) -> String {
            var value = graph.double(terms.last ?? 0)
            for term in terms.dropLast().reversed() {
                value = graph.add(graph.multiply(value, x), graph.double(term))
            }
            return value
        }
        return graph.divide(sum(parts.0, &graph), sum(parts.1, &graph))
    }
}
