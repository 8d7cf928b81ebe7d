// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// The arithmetic of estimators: float64, rows first.
extension GraphBuilder {
    /// A float64 constant; a row `[count]` where no shape is given.
    package mutating func doubles(_ values: [Double], _ shape: [Int]? = nil) -> String {
        constant(ONNXTensor(values, shape))
    }

    /// A float64 scalar.
    package mutating func double(_ value: Double) -> String { constant(ONNXTensor([value], [])) }

    package mutating func integers(_ values: [Int], _ shape: [Int]? = nil) -> String {
        constant(ONNXTensor(values.map(Int64.init), shape))
    }

    package mutating func add(_ a: String, _ b: String) -> String { node("Add", [a, b]) }
    package mutating func subtract(_ a: String, _ b: String) -> String { node("Sub", [a, b]) }
    package mutating func multiply(_ a: String, _ b: String) -> String { node("Mul", [a, b]) }
    package mutating func divide(_ a: String, _ b: String) -> String { node("Div", [a, b]) }
    package mutating func matrixProduct(_ a: String, _ b: String) -> String { node("MatMul", [a, b]) }

    /// `value · weightsᵀ + bias`: `[N, rows of weights]`.
    ///
    /// - Parameters:
    ///   - weights: `[targets, features]`.
    ///   - bias: One for each target.
    package mutating func affine(_ value: String, weights: SklearnArray, bias: [Double]) -> String {
        let weights = doubles(weights.values, weights.shape)
        return node("Gemm", [value, weights, doubles(bias)], ["transB": .int(1)])
    }

    /// `1 / (1 + exp(-value))`.
    ///
    /// The operator `Sigmoid` of ONNX Runtime stops at a smallest result, which shows where rows are divided by sums
    /// of tiny numbers.
    package mutating func sigmoid(_ value: String) -> String {
        let power = node("Exp", [node("Neg", [value])])
        return node("Reciprocal", [add(power, double(1))])
    }

    /// Over the last dimension.
    package mutating func softmax(_ value: String) -> String { node("Softmax", [value], ["axis": .int(-1)]) }

    /// Index of the greatest of each row, the first of equals: INT64 `[N]`.
    package mutating func argmax(_ value: String) -> String {
        node("ArgMax", [value], ["axis": .int(1), "keepdims": .int(0)])
    }

    /// `ReduceSum`, `ReduceMax`, `ReduceMean` ... of each row: `[N, 1]`, or `[N]` without `keepingDimension`.
    package mutating func reduceRows(_ operation: String, _ value: String, keepingDimension: Bool = true) -> String {
        node(operation, [value, integers([1])], ["keepdims": .int(keepingDimension ? 1 : 0)])
    }

    /// Some columns of `[N, columns]`.
    package mutating func columns(_ value: String, _ indices: [Int]) -> String {
        node("Gather", [value, integers(indices)], ["axis": .int(1)])
    }

    /// Matrices side by side.
    package mutating func concatenate(_ values: [String]) -> String {
        values.count == 1 ? values[0] : node("Concat", values, ["axis": .int(1)])
    }

    /// `[N, 1]` as `[N]`.
    package mutating func squeeze(_ value: String) -> String { node("Squeeze", [value, integers([1])]) }

    /// `[N]` as `[N, 1]`.
    package mutating func unsqueeze(_ value: String) -> String { node("Unsqueeze", [value, integers([1])]) }

    /// A probability `[N, 1]` and what it lacks to one, as `[1 - p, p]`: `[N, 2]`.
    package mutating func withComplement(_ value: String) -> String {
        concatenate([subtract(double(1), value), value])
    }

    /// Rows divided by their sums.
    package mutating func normalizeRows(_ value: String) -> String {
        divide(value, reduceRows("ReduceSum", value))
    }

    /// Constants `[1, count]` repeated for each row of `rows` (`[N, columns]` of any type): `[N, count]`.
    package mutating func repeatRow(_ values: [Double], forRowsOf rows: String) -> String {
        let count = node("Shape", [rows], ["start": .int(0), "end": .int(1)])
        let shape = node("Concat", [count, integers([values.count])], ["axis": .int(0)])
        return node("Expand", [doubles(values, [1, values.count]), shape])
    }

    /// Whether a decision is above zero, as a class's index: INT64 `[N]` of float64 `[N, 1]`.
    package mutating func isPositive(_ decision: String, orZero: Bool = false) -> String {
        cast(squeeze(node(orZero ? "GreaterOrEqual" : "Greater", [decision, double(0)])), to: .int64)
    }
}
