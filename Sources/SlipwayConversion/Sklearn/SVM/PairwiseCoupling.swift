// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// Probabilities of classes from those of pairs, by the second method of Wu, Lin and Weng, Probability estimates for
/// multi-class classification by pairwise coupling, JMLR 5, 2004.
///
/// libsvm solves it in turns and stops at an error of 0.005 / classes, so only the same turns give the same numbers.
struct PairwiseCoupling {
    /// The body of the loop grows with the classes.
    static let maximumClasses = 64

    private let pairs: ClassPairs
    private var count: Int { pairs.classes }

    init(_ pairs: ClassPairs) { self.pairs = pairs }

    /// - Parameter first: For each pair the probability of its first class, `[N, pairs]`.
    /// - Returns: `[N, classes]`.
    func probabilities(of first: String, in graph: inout GraphBuilder) -> String {
        let quadratic = quadratic(first, &graph)
        let start = graph.repeatRow([Double](repeating: 1 / Double(count), count: count), forRowsOf: first)
        let states: [GraphBuilder.LoopState] = [
            .init(start: start, shape: [GraphBuilder.batch, .fixed(count)]),
            .init(start: quadratic, shape: [GraphBuilder.batch, .fixed(count), .fixed(count)]),
        ]
        let count = count
        let result = graph.loop(turns: max(100, count), states) { graph, _, states in
            let (error, improved) = Self.turn(states[0], states[1], count, &graph)
            let isOpen = graph.node("GreaterOrEqual", [error, graph.double(0.005 / Double(count))])
            let next = graph.choose(isOpen, improved, states[0])
            let open = graph.cast(isOpen, to: .float64)
            let worst = graph.node("ReduceMax", [open], ["keepdims": .int(0)])
            return (graph.node("Greater", [worst, graph.double(0)]), [next, states[1]])
        }
        return result[0]
    }

    /// `Q` with `Q[t][t] = Σ r[j][t]²` and `Q[t][j] = -r[j][t] r[t][j]`: `[N, classes, classes]`.
    private func quadratic(_ first: String, _ graph: inout GraphBuilder) -> String {
        let size = count * count
        // The last column is zero: no class meets itself.
        var places = [Int](repeating: 2 * pairs.pairs.count, count: size)
        for (index, pair) in pairs.pairs.enumerated() {
            places[pair.first * count + pair.second] = index
            places[pair.second * count + pair.first] = pairs.pairs.count + index
        }
        let second = graph.subtract(graph.double(1), first)
        let all = graph.concatenate([first, second, graph.repeatRow([0], forRowsOf: first)])
        let table = graph.reshape(graph.columns(all, places), [-1, count, count])
        let turned = graph.node("Transpose", [table], ["perm": .ints([0, 2, 1])])
        let diagonal = graph.reduce("ReduceSum", graph.square(table), axis: 1, keep: true)
        var unit = [Double](repeating: 0, count: size)
        for index in 0..<count { unit[index * count + index] = 1 }
        return graph.subtract(
            graph.multiply(diagonal, graph.doubles(unit, [count, count])), graph.multiply(table, turned))
    }

    /// One turn over all classes: the error before it, `[N, 1]`, and the probabilities after it, `[N, classes]`.
    private static func turn(
        _ start: String, _ quadratic: String, _ count: Int, _ graph: inout GraphBuilder
    ) -> (error: String, improved: String) {
        var probabilities = start
        let column = graph.unsqueeze(probabilities, axis: 2)
        var gradient = graph.node("Squeeze", [graph.matrixProduct(quadratic, column), graph.integers([2])])
        var value = graph.rowSums(graph.multiply(probabilities, gradient))
        let gaps = graph.node("Abs", [graph.subtract(gradient, value)])
        let error = graph.reduceRows("ReduceMax", gaps)
        for index in 0..<count {
            let row = graph.node("Gather", [quadratic, graph.integers([index], [])], ["axis": .int(1)])
            let own = graph.columns(row, [index])
            let slope = graph.columns(gradient, [index])
            let step = graph.divide(graph.subtract(value, slope), own)
            let scale = graph.add(step, graph.double(1))
            let bend = graph.add(graph.multiply(step, own), graph.multiply(slope, graph.double(2)))
            let grown = graph.add(value, graph.multiply(step, bend))
            value = graph.divide(graph.divide(grown, scale), scale)
            gradient = graph.divide(graph.add(gradient, graph.multiply(step, row)), scale)
            var unit = [Double](repeating: 0, count: count)
            unit[index] = 1
            let moved = graph.add(probabilities, graph.multiply(step, graph.doubles(unit)))
            probabilities = graph.divide(moved, scale)
        }
        return (error, probabilities)
    }
}
