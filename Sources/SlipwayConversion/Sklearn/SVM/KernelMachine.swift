// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// Kernels of libsvm between rows and support vectors, as matrix products in float64.
struct KernelMachine {
    let vectors: SklearnArray
    private let kernel: String
    private let gamma: Double
    private let degree: Double
    private let offset: Double

    init(_ estimator: SklearnContext, width: Int) throws(ConversionError) {
        kernel = estimator.string("kernel", default: "a function of Python's")
        guard ["linear", "poly", "rbf", "sigmoid"].contains(kernel) else {
            throw estimator.unsupported(
                "its kernel is \(kernel), which is not converted; train it with kernel 'linear', 'poly', 'rbf' or "
                    + "'sigmoid'")
        }
        vectors = try estimator.matrix("support_vectors_", columns: width)
        gamma = kernel == "linear" ? 0 : try estimator.double("_gamma")
        degree = kernel == "poly" ? try estimator.double("degree", default: 3) : 0
        offset = try estimator.double("coef0", default: 0)
    }

    /// The kernel of each row with each support vector: float64 `[N, vectors]`.
    func values(of input: String, in graph: inout GraphBuilder) -> String {
        if kernel == "rbf" {
            let distances = SquaredDistances(to: vectors).values(of: input, in: &graph)
            return graph.node("Exp", [graph.multiply(distances, graph.double(-gamma))])
        }
        let products = graph.matrixProduct(input, graph.matrix(vectors.transposed()))
        if kernel == "linear" { return products }
        let moved = graph.add(graph.multiply(products, graph.double(gamma)), graph.double(offset))
        return kernel == "poly" ? graph.node("Pow", [moved, graph.double(degree)]) : graph.node("Tanh", [moved])
    }
}
