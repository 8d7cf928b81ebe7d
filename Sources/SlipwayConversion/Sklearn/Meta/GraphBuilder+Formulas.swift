// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// What the formulas of this folder's neighbours need beyond plain arithmetic.
extension GraphBuilder {
    mutating func matrix(_ array: SklearnArray) -> String { doubles(array.values, [array.rows, array.columns]) }

    mutating func square(_ value: String) -> String { multiply(value, value) }

    mutating func choose(_ condition: String, _ yes: String, _ no: String) -> String {
        node("Where", [condition, yes, no])
    }

    /// `operation` is `ReduceSum`, `ReduceMax`, `ReduceMin`, `ReduceProd` or `ReduceMean`.
    mutating func reduce(_ operation: String, _ value: String, axis: Int, keep: Bool = false) -> String {
        node(operation, [value, integers([axis])], ["keepdims": .int(keep ? 1 : 0)])
    }

    /// The sum of each row: `[N, 1]`.
    mutating func rowSums(_ value: String) -> String { reduceRows("ReduceSum", value) }

    /// A zero in a shape keeps the extent that is there.
    mutating func reshape(_ value: String, _ shape: [Int]) -> String {
        node("Reshape", [value, integers(shape)])
    }

    mutating func unsqueeze(_ value: String, axis: Int) -> String {
        node("Unsqueeze", [value, integers([axis])])
    }

    mutating func negate(_ value: String) -> String { node("Neg", [value]) }

    /// 1 where the column is the index and 0 elsewhere: INT64 `[N]` to float64 `[N, count]`.
    mutating func indicator(_ index: String, count: Int) -> String {
        cast(node("Equal", [unsqueeze(index), integers(Array(0..<count))]), to: .float64)
    }

    /// Whether one column is above a threshold, as a class's index: float64 `[N, 1]` to INT64 `[N]`.
    mutating func isAbove(_ threshold: Double, _ column: String) -> String {
        cast(squeeze(node("Greater", [column, double(threshold)])), to: .int64)
    }

    /// Rows divided by their sums; rows whose sum is zero hold `otherwise`.
    mutating func normalizeRows(_ value: String, otherwise: Double) -> String {
        let sums = rowSums(value)
        return choose(node("Equal", [sums, double(0)]), double(otherwise), divide(value, sums))
    }

    /// Columns in another order: those that `places` names, and zeros where it has `nil`.
    mutating func spread(_ value: String, width: Int, over places: [Int?]) -> String {
        let chosen = places.compactMap { $0 }
        if chosen.count == places.count {
            return chosen.elementsEqual(0..<width) ? value : columns(value, chosen)
        }
        return columns(concatenate([value, repeatRow([0], forRowsOf: value)]), places.map { $0 ?? width })
    }
}
