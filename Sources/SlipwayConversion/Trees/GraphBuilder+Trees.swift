// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

extension GraphBuilder {
    /// Adds what computes an ensemble's sums, base included.
    ///
    /// - Parameter input: `[N, features]`, of the type that the ensemble compares in.
    /// - Returns: float32, `[N, targets]`. Sums are taken in the type that the ensemble compares in.
    /// - Throws: ``ConversionError`` `malformed` where nodes contradict one another, `limitExceeded` where trees are
    ///   deeper than an engine can follow.
    package mutating func trees(_ ensemble: TreeEnsemble, of input: String) throws(ConversionError) -> String {
        var ensemble = ensemble
        // The operator divides by the number of all trees; where each serves one target, that is not its count.
        let divisor = ensemble.averageDivisor
        let base = ensemble.base
        if divisor != nil {
            ensemble.aggregate = .sum
            ensemble.base = []
        }
        let table = try TreeTable(ensemble)
        var sums = node("TreeEnsembleRegressor", [input], table.attributes(), domain: "ai.onnx.ml")
        if let divisor {
            sums = node("Div", [sums, constant(ONNXTensor([Float(divisor)], []))])
            if base.contains(where: { $0 != 0 }) {
                sums = node("Add", [sums, constant(ONNXTensor(base.map { Float($0) }))])
            }
        }
        return sums
    }
}

extension TreeEnsemble {
    /// How many trees each target averages over, where each tree is for one target.
    fileprivate var averageDivisor: Double? {
        guard aggregate == .average, targetCount > 1, !targetOfTree.isEmpty else { return nil }
        return Double(trees.count) / Double(targetCount)
    }
}
