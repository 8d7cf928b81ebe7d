// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// A line through points, flat beyond the first and the last: `numpy.interp`.
struct PiecewiseLinear {
    private let xs: [Double]
    private let ys: [Double]

    /// `nil` unless there are as many xs, in ascending order, as ys.
    init?(_ xs: [Double], _ ys: [Double]) {
        guard !xs.isEmpty, xs.count == ys.count, zip(xs, xs.dropFirst()).allSatisfy({ $0 <= $1 }) else { return nil }
        self.xs = xs
        self.ys = ys
    }

    /// Float64 `[N, 1]` to the same.
    func values(of column: String, in graph: inout GraphBuilder) -> String {
        let last = xs.count - 1
        guard last > 0 else {
            return graph.add(graph.multiply(column, graph.double(0)), graph.double(ys[0]))
        }
        let clipped = graph.node("Clip", [column, graph.double(xs[0]), graph.double(xs[last])])
        // The segment is the number of inner points that are not above.
        let inner = Array(xs[1..<last])
        var segment = graph.repeatRow([0], forRowsOf: column)
        if !inner.isEmpty {
            let passed = graph.node("GreaterOrEqual", [clipped, graph.doubles(inner, [1, inner.count])])
            segment = graph.rowSums(graph.cast(passed, to: .float64))
        }
        let index = graph.cast(segment, to: .int64)
        let widths = zip(xs, xs.dropFirst()).map { $1 - $0 }
        let slopes = (0..<last).map { widths[$0] > 0 ? (ys[$0 + 1] - ys[$0]) / widths[$0] : 0 }
        let starts = (0..<last).map { widths[$0] > 0 ? ys[$0] : ys[$0 + 1] }
        func chosen(_ table: [Double], _ graph: inout GraphBuilder) -> String {
            graph.node("Gather", [graph.doubles(table), index], ["axis": .int(0)])
        }
        let offset = graph.subtract(clipped, chosen(Array(xs[..<last]), &graph))
        return graph.add(graph.multiply(offset, chosen(slopes, &graph)), chosen(starts, &graph))
    }
}
