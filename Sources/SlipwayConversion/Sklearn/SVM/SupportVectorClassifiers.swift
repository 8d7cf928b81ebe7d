// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// SVC and NuSVC: one decision for each pair of classes, then votes.
///
/// Chang and Lin, LIBSVM: a library for support vector machines, 2011, sections 4 to 8.
enum SupportVectorClassifiers: SklearnEstimator {
    static let names = ["SVC", "NuSVC"]

    static func add(
        _ estimator: SklearnContext, input: SklearnInput, to graph: inout GraphBuilder
    ) throws(ConversionError) -> SklearnOutput {
        let width = try estimator.featureCount()
        let rows = try input.numbers(width: width, for: estimator, in: &graph)
        let classes = try estimator.classes()
        let pairs = try ClassPairs(of: estimator, classes: classes.count)
        let decision = try pairDecisions(estimator, pairs, rows, width, &graph)
        let zero = graph.double(0)
        let firstWins = graph.cast(graph.node("Greater", [decision, zero]), to: .float64)
        let probabilities = try probabilities(estimator, pairs, decision, &graph)
        let flipped = graph.negate(decision)
        if classes.count == 2 {
            // libsvm's decision speaks for the first class, scikit-learn's for the second.
            let index = graph.cast(graph.squeeze(graph.node("LessOrEqual", [decision, zero])), to: .int64)
            return .classifier(
                SklearnClassifier(classes: classes, index: index, probabilities: probabilities, decision: flipped))
        }
        let byClass = estimator.string("decision_function_shape", default: "ovr") == "ovr"
        let lost = graph.cast(graph.node("GreaterOrEqual", [decision, zero]), to: .float64)
        let scores = byClass ? pairs.scores(firstWins: lost, confidence: flipped, in: &graph) : decision
        let ballot =
            byClass && estimator.bool("break_ties", default: false)
            ? scores : pairs.votes(firstWins: firstWins, in: &graph)
        return .classifier(
            SklearnClassifier(
                classes: classes, index: graph.argmax(ballot), probabilities: probabilities, decision: scores,
                decisionWidth: byClass ? classes.count : pairs.pairs.count))
    }

    /// libsvm's decisions, positive for the first class of a pair: `[N, pairs]`.
    private static func pairDecisions(
        _ estimator: SklearnContext, _ pairs: ClassPairs, _ rows: String, _ width: Int, _ graph: inout GraphBuilder
    ) throws(ConversionError) -> String {
        let machine = try KernelMachine(estimator, width: width)
        let count = machine.vectors.rows
        let coefficients = try estimator.matrix("_dual_coef_", rows: pairs.classes - 1, columns: count)
        let intercepts = try estimator.array("_intercept_", shape: [pairs.pairs.count]).values
        let ofClass = try estimator.wholeNumbers(estimator.either("_n_support", "n_support_"))
        guard ofClass.count == pairs.classes, ofClass.allSatisfy({ 0...count ~= $0 }),
            ofClass.reduce(0, +) == count
        else { throw estimator.malformed("'_n_support' does not count the \(count) support vectors") }
        var start = [0]
        for number in ofClass { start.append((start.last ?? 0) + number) }
        let size = count.multipliedReportingOverflow(by: pairs.pairs.count)
        guard !size.overflow, size.partialValue <= NeighborSearch.maximumElements else {
            throw ConversionError(
                .limitExceeded, "\(count) support vectors of \(pairs.classes) classes are more than are converted",
                at: estimator.location)
        }
        var weights = [Double](repeating: 0, count: size.partialValue)
        for (column, pair) in pairs.pairs.enumerated() {
            for vector in start[pair.first]..<start[pair.first + 1] {
                weights[vector * pairs.pairs.count + column] = coefficients[pair.second - 1, vector]
            }
            for vector in start[pair.second]..<start[pair.second + 1] {
                weights[vector * pairs.pairs.count + column] = coefficients[pair.first, vector]
            }
        }
        let kernels = machine.values(of: rows, in: &graph)
        let sums = graph.matrixProduct(kernels, graph.doubles(weights, [count, pairs.pairs.count]))
        return graph.add(sums, graph.doubles(intercepts))
    }

    /// Platt's sigmoid for each pair, coupled; `nil` for a model that was trained without.
    private static func probabilities(
        _ estimator: SklearnContext, _ pairs: ClassPairs, _ decision: String, _ graph: inout GraphBuilder
    ) throws(ConversionError) -> String? {
        let slopeName = estimator.either("_probA", "probA_")
        // Newer releases keep a word here where nothing was asked for.
        guard estimator.optional("probability")?.bool == true, estimator.optional(slopeName) != nil else { return nil }
        let slopes = try estimator.numbers(slopeName).values
        let offsets = try estimator.numbers(estimator.either("_probB", "probB_")).values
        guard slopes.count == pairs.pairs.count, offsets.count == slopes.count else {
            throw estimator.malformed("'_probA' and '_probB' have not one number for each pair of classes")
        }
        let scaled = graph.add(graph.multiply(decision, graph.doubles(slopes)), graph.doubles(offsets))
        let smallest = graph.double(1e-7)
        let largest = graph.double(1 - 1e-7)
        let first = graph.node("Clip", [graph.sigmoid(graph.negate(scaled)), smallest, largest])
        guard pairs.classes <= PairwiseCoupling.maximumClasses else {
            throw estimator.unsupported(
                "probabilities of \(pairs.classes) classes are coupled step by step, and "
                    + "\(PairwiseCoupling.maximumClasses) are converted at most; train with probability=False")
        }
        return PairwiseCoupling(pairs).probabilities(of: first, in: &graph)
    }
}
