// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// The nearest training rows of each row, by comparing with all of them.
///
/// Of training rows at the same distance the one that stands first counts; scikit-learn's trees leave it open.
struct NeighborSearch {
    /// More would make models of hundreds of megabytes and answers of seconds.
    static let maximumElements = 1 << 26
    /// Euclidean candidates come from a matrix product with rounding; so many more are measured again exactly.
    private static let spare = 8

    enum Metric: Equatable {
        case euclidean, manhattan, chebyshev, cosine
        case minkowski(Double)
    }

    let points: SklearnArray
    let count: Int
    private let metric: Metric
    private let isWeighted: Bool
    /// Whether weights go by squares of distances.
    private let isSquared: Bool

    init(_ estimator: SklearnContext, width: Int) throws(ConversionError) {
        points = try estimator.matrix("_fit_X", columns: width)
        guard points.values.count <= Self.maximumElements else {
            throw ConversionError(
                .limitExceeded,
                "it compares with \(points.rows) training rows, more than a model is converted with; train it on a "
                    + "sample of them", at: estimator.location)
        }
        count = try estimator.integer("n_neighbors")
        guard count >= 1, count <= points.rows else {
            throw estimator.malformed("'n_neighbors' is \(count) and there are \(points.rows) training rows")
        }
        let weights = estimator.string("weights", default: estimator.optional("weights") == nil ? "uniform" : "")
        guard weights == "uniform" || weights == "distance" else {
            throw estimator.unsupported(
                "its weights are a function of Python's, which is never run; use 'uniform' or 'distance'")
        }
        isWeighted = weights == "distance"
        metric = try Self.metric(of: estimator)
        isSquared = Self.name(of: estimator) == "sqeuclidean"
    }

    private static func name(of estimator: SklearnContext) -> String {
        estimator.string(estimator.either("effective_metric_", "metric"), default: "a function of Python's")
    }

    private static func metric(of estimator: SklearnContext) throws(ConversionError) -> Metric {
        let name = name(of: estimator)
        switch name {
        case "euclidean", "l2", "sqeuclidean": return .euclidean
        case "manhattan", "l1", "cityblock": return .manhattan
        case "chebyshev", "infinity": return .chebyshev
        case "cosine": return .cosine
        case "minkowski":
            let parameters = estimator.optional("effective_metric_params_")
            guard parameters?["w"] == nil || parameters?["w"]?.isNone == true else {
                throw estimator.unsupported("its metric has weights; scale the columns in a step before instead")
            }
            let fallback = try estimator.double("p", default: 2)
            let power = parameters?["p"]?.double ?? fallback
            return power == 2 ? .euclidean : power == 1 ? .manhattan : .minkowski(power)
        default:
            throw estimator.unsupported(
                "its metric is \(name), which is not converted; use euclidean, manhattan, chebyshev, minkowski or "
                    + "cosine")
        }
    }

    /// The nearest training rows, INT64 `[N, neighbours]`, and their weights, float64 of the same shape.
    func neighbors(of rows: String, in graph: inout GraphBuilder) -> (indices: String, weights: String) {
        let (distances, indices) = nearest(rows, &graph)
        guard isWeighted else {
            let zeros = graph.multiply(distances, graph.double(0))
            return (indices, graph.add(zeros, graph.double(1)))
        }
        // A training row itself outweighs all others.
        let isHit = graph.node("Equal", [distances, graph.double(0)])
        let hits = graph.cast(isHit, to: .float64)
        let anyHit = graph.node("Greater", [graph.reduceRows("ReduceMax", hits), graph.double(0)])
        let safe = graph.choose(isHit, graph.double(1), distances)
        let inverse = graph.divide(graph.double(1), isSquared ? graph.square(safe) : safe)
        return (indices, graph.choose(anyHit, hits, inverse))
    }

    private func nearest(_ rows: String, _ graph: inout GraphBuilder) -> (distances: String, indices: String) {
        guard metric == .euclidean else {
            let found = smallest(distances(rows, &graph), count, &graph)
            return (found.values, found.indices)
        }
        let rough = SquaredDistances(to: points).values(of: rows, in: &graph)
        let (_, candidates) = smallest(rough, min(points.rows, count + Self.spare), &graph)
        let chosen = graph.node("Gather", [graph.matrix(points), candidates], ["axis": .int(0)])
        let difference = graph.subtract(chosen, graph.unsqueeze(rows, axis: 1))
        let exact = graph.node("Sqrt", [graph.reduce("ReduceSum", graph.square(difference), axis: 2)])
        // In the order of training rows again, so that equal distances keep it.
        let (ordered, order) = smallest(candidates, min(points.rows, count + Self.spare), &graph)
        let reordered = graph.node("GatherElements", [exact, order], ["axis": .int(1)])
        let (distances, places) = smallest(reordered, count, &graph)
        return (distances, graph.node("GatherElements", [ordered, places], ["axis": .int(1)]))
    }

    /// The smallest of each row in ascending order, and where they stand.
    private func smallest(
        _ value: String, _ count: Int, _ graph: inout GraphBuilder
    ) -> (values: String, indices: String) {
        let found = graph.nodes(
            "TopK", [value, graph.integers([count])], ["axis": .int(1), "largest": .int(0), "sorted": .int(1)],
            outputs: 2)
        return (found[0], found[1])
    }

    /// Distances to all training rows, float64 `[N, training rows]`.
    private func distances(_ rows: String, _ graph: inout GraphBuilder) -> String {
        if metric == .cosine { return cosine(rows, &graph) }
        // One feature at a time keeps memory at one number for each pair of rows.
        let table = points.transposed()
        let metric = metric
        let zeros = graph.repeatRow([Double](repeating: 0, count: points.rows), forRowsOf: rows)
        let states: [GraphBuilder.LoopState] = [
            .init(start: zeros, shape: [GraphBuilder.batch, .fixed(points.rows)]),
            .init(start: rows, shape: [GraphBuilder.batch, .fixed(points.columns)]),
        ]
        let result = graph.loop(turns: points.columns, states) { graph, turn, states in
            let own = graph.unsqueeze(graph.node("Gather", [states[1], turn], ["axis": .int(1)]))
            let other = graph.node("Gather", [graph.matrix(table), turn], ["axis": .int(0)])
            let gap = graph.node("Abs", [graph.subtract(own, other)])
            let next =
                switch metric {
                case .chebyshev: graph.node("Max", [states[0], gap])
                case .minkowski(let power):
                    graph.add(states[0], graph.node("Pow", [gap, graph.double(power)]))
                default: graph.add(states[0], gap)
                }
            return ("", [next, states[1]])
        }
        if case .minkowski(let power) = metric {
            return graph.node("Pow", [result[0], graph.double(1 / power)])
        }
        return result[0]
    }

    /// `1 - x·p / (|x| |p|)`; a row of zeros is at distance 1 from everything.
    private func cosine(_ rows: String, _ graph: inout GraphBuilder) -> String {
        var unit = points.values
        for (row, norm) in points.squaredNorms().enumerated() where norm > 0 {
            for column in 0..<points.columns { unit[row * points.columns + column] /= norm.squareRoot() }
        }
        let norms = graph.node("Sqrt", [graph.rowSums(graph.square(rows))])
        let isZero = graph.node("Equal", [norms, graph.double(0)])
        let own = graph.divide(rows, graph.choose(isZero, graph.double(1), norms))
        let products = graph.matrixProduct(own, graph.matrix(SklearnArray(unit, points.shape).transposed()))
        return graph.node("Max", [graph.subtract(graph.double(1), products), graph.double(0)])
    }
}
