// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// Selectors: some of the columns, by what was measured when they were fitted.
enum FeatureSelection: SklearnEstimator {
    static let names = [
        "VarianceThreshold", "SelectKBest", "SelectPercentile", "SelectFpr", "SelectFdr", "SelectFwe", "RFE",
        "RFECV", "SequentialFeatureSelector", "SelectFromModel", "GenericUnivariateSelect",
    ]

    static func needs(_ estimator: SklearnContext) throws(ConversionError) -> SklearnNeeds {
        .matrix(.float64, width: try mask(estimator).count)
    }

    static func add(
        _ estimator: SklearnContext, input: SklearnInput, to graph: inout GraphBuilder
    ) throws(ConversionError) -> SklearnOutput {
        let mask = try mask(estimator)
        guard mask.count == input.width else {
            throw estimator.malformed("it is given \(input.width) columns and was fitted with \(mask.count)")
        }
        let kept = mask.indices.filter { mask[$0] }
        guard !kept.isEmpty else { throw estimator.unsupported("it keeps none of the columns") }
        graph.describeStep("\(kept.count) of \(mask.count) features")
        return .features(try input.select(kept, for: estimator, in: &graph))
    }

    private static func mask(_ estimator: SklearnContext) throws(ConversionError) -> [Bool] {
        switch estimator.type.name {
        case "VarianceThreshold":
            let threshold = try estimator.double("threshold", default: 0)
            return try estimator.numbers("variances_").values.map { $0 > threshold }
        case "SelectKBest": return try best(estimator)
        case "SelectPercentile": return try percentile(estimator)
        case "SelectFpr":
            let alpha = try estimator.double("alpha", default: 0.05)
            return try estimator.numbers("pvalues_").values.map { $0 < alpha }
        case "SelectFwe":
            let values = try estimator.numbers("pvalues_").values
            let limit = try estimator.double("alpha", default: 0.05) / Double(values.count)
            return values.map { $0 < limit }
        case "SelectFdr": return try falseDiscoveries(estimator)
        case "RFE", "RFECV", "SequentialFeatureSelector":
            return try estimator.numbers("support_").values.map { $0 != 0 }
        case "SelectFromModel": return try importances(estimator)
        default:
            throw estimator.unsupported("use the selector that its mode stands for, such as SelectKBest")
        }
    }

    /// The `k` greatest scores, of equals those that stand last, as a stable sort leaves them.
    private static func best(_ estimator: SklearnContext) throws(ConversionError) -> [Bool] {
        let scores = try estimator.numbers("scores_").values.map { $0.isNaN ? -Double.greatestFiniteMagnitude : $0 }
        if estimator.optional("k")?.string == "all" { return scores.map { _ in true } }
        let count = try estimator.integer("k", default: 10)
        let order = scores.indices.sorted { (scores[$0], $0) < (scores[$1], $1) }
        var mask = [Bool](repeating: false, count: scores.count)
        for index in order.suffix(max(0, count)) { mask[index] = true }
        return mask
    }

    private static func percentile(_ estimator: SklearnContext) throws(ConversionError) -> [Bool] {
        let scores = try estimator.numbers("scores_").values.map { $0.isNaN ? -Double.greatestFiniteMagnitude : $0 }
        let percentile = try estimator.double("percentile", default: 10)
        guard !scores.isEmpty, 0...100 ~= percentile else { throw estimator.malformed("'percentile' is \(percentile)") }
        if percentile == 100 { return scores.map { _ in true } }
        if percentile == 0 { return scores.map { _ in false } }
        let sorted = scores.sorted()
        let place = Double(sorted.count - 1) * (100 - percentile) / 100
        let lower = Int(place)
        let upper = min(lower + 1, sorted.count - 1)
        let limit = sorted[lower] + (sorted[upper] - sorted[lower]) * (place - Double(lower))
        var mask = scores.map { $0 > limit }
        let room = Int(Double(scores.count) * percentile / 100) - mask.reduce(0) { $0 + ($1 ? 1 : 0) }
        for index in scores.indices.filter({ scores[$0] == limit }).prefix(max(0, room)) { mask[index] = true }
        return mask
    }

    /// Benjamini and Hochberg, 1995.
    private static func falseDiscoveries(_ estimator: SklearnContext) throws(ConversionError) -> [Bool] {
        let values = try estimator.numbers("pvalues_").values
        let alpha = try estimator.double("alpha", default: 0.05)
        let sorted = values.sorted()
        let passed = sorted.indices.filter { sorted[$0] <= alpha / Double(values.count) * Double($0 + 1) }
        guard let last = passed.last else { return values.map { _ in false } }
        return values.map { $0 <= sorted[last] }
    }

    /// Importances of the estimator, or sizes of its coefficients, at least as great as a threshold that is a number.
    private static func importances(_ estimator: SklearnContext) throws(ConversionError) -> [Bool] {
        let model = try estimator.estimator(estimator.either("estimator_", "estimator"))
        guard model.optional("coef_") != nil, estimator.optional("max_features") == nil,
            estimator.optional("importance_getter")?.string ?? "auto" == "auto"
        else {
            throw estimator.unsupported(
                "it selects by importances that the file does not hold as numbers; put a SelectKBest or a "
                    + "ColumnTransformer with its columns in its place")
        }
        let width = try model.featureCount()
        let sizes = try model.numbers("coef_").values.map { abs($0) }
        guard sizes.count % width == 0 else { throw model.malformed("'coef_' does not fit \(width) features") }
        // The norm of order one over classes.
        let order = try estimator.double("norm_order", default: 1)
        guard order == 1 || sizes.count == width else {
            throw estimator.unsupported("norm_order \(order) is not converted; use 1")
        }
        let sums = (0..<width).map { column in
            stride(from: column, to: sizes.count, by: width).reduce(0) { $0 + sizes[$1] }
        }
        let limit = try threshold(estimator, model, sums)
        return sums.map { $0 >= limit }
    }

    private static func threshold(
        _ estimator: SklearnContext, _ model: SklearnContext, _ sizes: [Double]
    ) throws(ConversionError) -> Double {
        if let number = estimator.optional("threshold")?.double { return number }
        // An elastic net may be a lasso: the parameter of the one, what the search of the other found.
        let ratio = model.optional(model.type.name.hasSuffix("CV") ? "l1_ratio_" : "l1_ratio")?.double
        let isSparse =
            model.type.name.contains("Lasso") || model.string("penalty", default: "l2") == "l1"
            || (["ElasticNet", "ElasticNetCV"].contains(model.type.name) && ratio == 1)
        let name = estimator.string("threshold", default: isSparse ? "1e-5" : "mean")
        if let number = Double(name) { return number }
        let parts = name.split(separator: "*").map { String($0.filter { $0 != " " }) }
        guard let reference = parts.last, let factor = parts.count == 2 ? Double(parts[0]) : 1 else {
            throw estimator.malformed("'threshold' is \(name)")
        }
        let sorted = sizes.sorted()
        switch reference {
        case "mean": return factor * sizes.reduce(0, +) / Double(sizes.count)
        case "median":
            let middle = sorted.count / 2
            return factor * (sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2)
        default: throw estimator.malformed("'threshold' is \(name)")
        }
    }
}
