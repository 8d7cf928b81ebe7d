// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// KMeans and MiniBatchKMeans: the nearest of some centres; scores are the distances to them.
enum CentroidClusters: SklearnEstimator {
    static let names = ["KMeans", "MiniBatchKMeans", "BisectingKMeans"]

    static func add(
        _ estimator: SklearnContext, input: SklearnInput, to graph: inout GraphBuilder
    ) throws(ConversionError) -> SklearnOutput {
        guard estimator.type.name != "BisectingKMeans" else {
            throw estimator.unsupported("it walks down a tree of centres, which is not converted; use KMeans")
        }
        let width = try estimator.featureCount()
        let rows = try input.numbers(width: width, for: estimator, in: &graph)
        let centers = try estimator.array("cluster_centers_", shape: [nil, width])
        let squares = SquaredDistances(to: centers).values(of: rows, in: &graph)
        let nearest = graph.node("ArgMin", [squares], ["axis": .int(1), "keepdims": .int(0)])
        graph.describeStep("\(centers.rows) clusters of \(width) features")
        return .clusterer(label: nearest, scores: graph.node("Sqrt", [squares]), columns: centers.rows)
    }
}
