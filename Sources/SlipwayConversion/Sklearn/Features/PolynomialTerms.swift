// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// PolynomialFeatures: products of columns up to a degree.
enum PolynomialTerms: SklearnEstimator {
    static let names = ["PolynomialFeatures"]
    /// Terms grow as fast as degrees do.
    private static let maximumTerms = 1 << 16

    static func add(
        _ estimator: SklearnContext, input: SklearnInput, to graph: inout GraphBuilder
    ) throws(ConversionError) -> SklearnOutput {
        let width = try estimator.featureCount()
        let rows = try input.numbers(width: width, for: estimator, in: &graph)
        var degrees = try estimator.numbers("degree").values.compactMap { Int(exactly: $0) }
        if degrees.count == 1 { degrees.insert(0, at: 0) }
        guard degrees.count == 2, degrees[0] >= 0, degrees[1] >= degrees[0], degrees[1] <= 64 else {
            throw estimator.malformed("'degree' is \(degrees)")
        }
        let repeats = !estimator.bool("interaction_only", default: false)
        var terms: [[Int]] = estimator.bool("include_bias", default: true) ? [[]] : []
        for degree in max(1, degrees[0])...max(1, degrees[1]) where degree <= degrees[1] {
            try append(degree, width, repeats, to: &terms, for: estimator)
        }
        guard let longest = terms.map(\.count).max() else { throw estimator.malformed("it makes no columns") }
        graph.describeStep("\(terms.count) terms of \(width) features")
        // A column of ones fills shorter products up.
        let extended = graph.concatenate([rows, graph.repeatRow([1], forRowsOf: rows)])
        let factors = max(longest, 1)
        let indices = terms.flatMap { $0 + [Int](repeating: width, count: factors - $0.count) }
        let chosen = graph.reshape(graph.columns(extended, indices), [-1, terms.count, factors])
        let products = graph.reduce("ReduceProd", chosen, axis: 2)
        return .features(SklearnInput(products, .float64, width: terms.count))
    }

    /// All combinations of so many columns, in the order of `itertools`.
    private static func append(
        _ degree: Int, _ width: Int, _ repeats: Bool, to terms: inout [[Int]], for estimator: SklearnContext
    ) throws(ConversionError) {
        guard repeats || degree <= width else { return }
        var term = repeats ? [Int](repeating: 0, count: degree) : Array(0..<degree)
        while true {
            guard terms.count < maximumTerms else {
                throw ConversionError(
                    .limitExceeded, "it makes more than \(maximumTerms) columns", at: estimator.location)
            }
            terms.append(term)
            guard
                let place = term.indices.last(where: { term[$0] < (repeats ? width - 1 : width - degree + $0) })
            else { return }
            let next = term[place] + 1
            for position in place..<degree { term[position] = repeats ? next : next + position - place }
        }
    }
}
