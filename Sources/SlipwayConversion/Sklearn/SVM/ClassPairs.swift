// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// Every pair of classes in the order `(0, 1), (0, 2), ... (1, 2), ...`, and what votes between pairs come to.
struct ClassPairs {
    /// Pairs grow with the square of the classes, and what is done with them with the cube.
    static let maximumClasses = 200

    let classes: Int
    let pairs: [(first: Int, second: Int)]

    init(of estimator: SklearnContext, classes: Int) throws(ConversionError) {
        guard 2...Self.maximumClasses ~= classes else {
            throw ConversionError(
                .limitExceeded,
                "it compares \(classes) classes in pairs; 2 to \(Self.maximumClasses) classes are converted",
                at: estimator.location)
        }
        self.classes = classes
        pairs = (0..<classes).flatMap { first in (first + 1..<max(classes, first + 1)).map { (first, $0) } }
    }

    /// A column for each class, `[pairs, classes]`: `first` for the pairs it stands first in, and `second` likewise.
    func incidence(first: Double, second: Double) -> SklearnArray {
        var values = [Double](repeating: 0, count: pairs.count * classes)
        for (row, pair) in pairs.enumerated() {
            values[row * classes + pair.first] = first
            values[row * classes + pair.second] = second
        }
        return SklearnArray(values, [pairs.count, classes])
    }

    /// Votes for each class of `[N, pairs]` numbers that are 1 where the pair's first class won and 0 elsewhere.
    func votes(firstWins: String, in graph: inout GraphBuilder) -> String {
        let gains = graph.matrixProduct(firstWins, graph.matrix(incidence(first: 1, second: -1)))
        // A class that stands second starts with a vote from each such pair, which the first takes away.
        return graph.add(gains, graph.doubles((0..<classes).map { Double($0) }))
    }

    /// Scores for each class: votes, and the sums of confidences squeezed into less than a third of a vote.
    ///
    /// - Parameters:
    ///   - firstWins: `[N, pairs]`, 1 or 0.
    ///   - confidence: In the second class of each pair, `[N, pairs]`.
    func scores(firstWins: String, confidence: String, in graph: inout GraphBuilder) -> String {
        let votes = votes(firstWins: firstWins, in: &graph)
        let sums = graph.matrixProduct(confidence, graph.matrix(incidence(first: -1, second: 1)))
        let room = graph.multiply(graph.add(graph.node("Abs", [sums]), graph.double(1)), graph.double(3))
        return graph.add(votes, graph.divide(sums, room))
    }
}
