// SPDX-License-Identifier: Apache-2.0

/// Squared Euclidean distances of rows to fixed points by one matrix product.
///
/// `|x - p|² = |x|² - 2 x·p + |p|²` loses digits where the norms are much larger than the distance, so both are first
/// moved by the mean of the points; what rounding leaves below zero becomes zero.
struct SquaredDistances {
    private let points: SklearnArray
    private let center: [Double]

    init(to points: SklearnArray) {
        center = points.columnMeans()
        self.points = points.subtracting(center)
    }

    /// Float64 `[N, points]`.
    func values(of input: String, in graph: inout GraphBuilder) -> String {
        let moved = graph.subtract(input, graph.doubles(center))
        let products = graph.matrixProduct(moved, graph.matrix(points.transposed().map { -2 * $0 }))
        let partial = graph.add(products, graph.rowSums(graph.square(moved)))
        return graph.node("Max", [graph.add(partial, graph.doubles(points.squaredNorms())), graph.double(0)])
    }
}
