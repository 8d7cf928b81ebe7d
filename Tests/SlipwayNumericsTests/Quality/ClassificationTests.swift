// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayNumerics
import Testing

@Suite("Quality of classifiers")
struct ClassificationTests {
    private struct Binary: Decodable {
        var labels: [Int]
        var scores, weights: [Double]
        var rocAUC, weightedROCAUC, averagePrecision, weightedAveragePrecision, logLoss, brier: Double
        var calibrationError, precision, recall, f1, accuracy: Double
        var truths: [Bool] { labels.map { $0 == 1 } }
    }

    private struct Averages: Decodable { var macro, micro, weighted: Double }

    private struct Multiclass: Decodable {
        var truth, predicted: [Int]
        var probabilities: [[Double]]
        var precision, recall, f1: Averages
        var accuracy, rocAUC, logLoss: Double
    }

    private struct File: Decodable {
        var binary: Binary
        var multiclass: Multiclass
    }

    /// Sums of some hundred terms in another order.
    private let exact = 1e-12

    @Test("equals scikit-learn on scores with ties, with and without weights")
    func binary() throws {
        let data = try Golden.load(File.self, "quality").binary
        let (scores, labels, weights) = (data.scores, data.truths, data.weights)
        typealias Metrics = ClassificationMetrics
        #expect(near(Metrics.rocAUC(scores: scores, labels: labels), data.rocAUC, exact))
        #expect(near(Metrics.rocAUC(scores: scores, labels: labels, weights: weights), data.weightedROCAUC, exact))
        #expect(near(Metrics.averagePrecision(scores: scores, labels: labels), data.averagePrecision, exact))
        #expect(
            near(
                Metrics.averagePrecision(scores: scores, labels: labels, weights: weights),
                data.weightedAveragePrecision, exact))
        #expect(near(Metrics.logLoss(probabilities: scores, labels: labels), data.logLoss, exact))
        #expect(near(Metrics.brier(probabilities: scores, labels: labels), data.brier, exact))
        #expect(
            near(
                Metrics.expectedCalibrationError(probabilities: scores, labels: labels), data.calibrationError, exact))
    }

    @Test("equals scikit-learn's precision, recall and F1 of one class")
    func binaryConfusion() throws {
        let data = try Golden.load(File.self, "quality").binary
        var matrix = ConfusionMatrix(classes: 2)
        for (label, score) in zip(data.labels, data.scores) { matrix.add(truth: label, predicted: score > 0.5 ? 1 : 0) }
        #expect(near(matrix.accuracy, data.accuracy, exact))
        #expect(near(matrix.precision(.binary()), data.precision, exact))
        #expect(near(matrix.recall(.binary()), data.recall, exact))
        #expect(near(matrix.f1(.binary()), data.f1, exact))
    }

    @Test("equals scikit-learn's averages over classes, those never seen left out")
    func multiclass() throws {
        let data = try Golden.load(File.self, "quality").multiclass
        var matrix = ConfusionMatrix(classes: 5)
        for (truth, predicted) in zip(data.truth, data.predicted) { matrix.add(truth: truth, predicted: predicted) }
        for (average, path) in [
            (ConfusionMatrix.Average.macro, \Averages.macro), (.micro, \.micro), (.weighted, \.weighted),
        ] {
            #expect(near(matrix.precision(average), data.precision[keyPath: path], exact))
            #expect(near(matrix.recall(average), data.recall[keyPath: path], exact))
            #expect(near(matrix.f1(average), data.f1[keyPath: path], exact))
        }
        #expect(near(matrix.accuracy, data.accuracy, exact))
        typealias Metrics = ClassificationMetrics
        #expect(near(Metrics.rocAUC(probabilities: data.probabilities, labels: data.truth), data.rocAUC, exact))
        #expect(near(Metrics.logLoss(probabilities: data.probabilities, labels: data.truth), data.logLoss, exact))
    }

    @Test("has no value where there is none")
    func undefined() {
        #expect(ClassificationMetrics.rocAUC(scores: [0.1, 0.2], labels: [true, true]) == nil)
        #expect(ClassificationMetrics.averagePrecision(scores: [0.1], labels: [false]) == nil)
        #expect(ClassificationMetrics.brier(probabilities: [], labels: []) == nil)
        #expect(ClassificationMetrics.logLoss(probabilities: [.nan], labels: [true]) == nil)
        #expect(ClassificationMetrics.rocAUC(scores: [.nan, 0.2, 0.1], labels: [true, true, false]) == 1)
        #expect(ConfusionMatrix(classes: 3).f1(.macro) == 0)
    }

    @Test("merges matrices of as many classes, and refuses rows and matrices of others")
    func matrices() throws {
        var matrix = ConfusionMatrix(classes: 2)
        #expect(matrix.add(truth: 1, predicted: 0) == true)
        #expect(matrix.add(truth: 2, predicted: 0) == false)
        #expect(matrix.add(truth: 0, predicted: -1) == false)
        #expect(matrix.merge(matrix) == true)
        #expect(matrix.count(truth: 1, predicted: 0) == 2)
        #expect(matrix.merge(ConfusionMatrix(classes: 3)) == false)
        #expect(try recoded(matrix) == matrix)
    }

    @Test("bins of a stream give the exact Brier, log loss and calibration error, and AUC and AP within their bounds")
    func bins() throws {
        var random = SplitMix64(seed: 51)
        for round in 0..<30 {
            let count = 20 + random.below(4000)
            let scores = (0..<count).map { _ in
                // Rounds of few distinct scores, and of scores that crowd into few bins.
                let x = random.unit()
                return round % 3 == 0 ? (x * 8).rounded() / 8 : round % 3 == 1 ? x : 0.5 + x * 0.003
            }
            let labels = scores.map { random.unit() < $0 }
            guard labels.contains(true), labels.contains(false) else { continue }
            var parts = [ScoreBins(), ScoreBins()]
            for index in 0..<count { parts[index % 2].add(score: scores[index], isPositive: labels[index]) }
            var bins = parts[0]
            bins.merge(parts[1])
            typealias Metrics = ClassificationMetrics
            #expect(bins.total == count)
            #expect(near(bins.brier, try #require(Metrics.brier(probabilities: scores, labels: labels)), 1e-11))
            #expect(near(bins.logLoss, try #require(Metrics.logLoss(probabilities: scores, labels: labels)), 1e-11))
            let error = try #require(Metrics.expectedCalibrationError(probabilities: scores, labels: labels))
            #expect(abs(try #require(bins.expectedCalibrationError) - error) < 1e-12)
            let area = try #require(Metrics.rocAUC(scores: scores, labels: labels))
            let margin = try #require(bins.rocAUCMargin)
            #expect(abs(try #require(bins.rocAUC) - area) <= margin + 1e-12)
            let precision = try #require(Metrics.averagePrecision(scores: scores, labels: labels))
            let bounds = try #require(bins.averagePrecisionBounds)
            #expect(bounds.lowerBound <= precision + 1e-12 && precision <= bounds.upperBound + 1e-12)
            #expect(bounds.contains(try #require(bins.averagePrecision)))
            if round % 3 == 0 { #expect(near(bins.rocAUC, area, 1e-12)) }
        }
    }

    @Test("bins have a constant size, no value when empty, and leave NaN out")
    func emptyBins() throws {
        var bins = ScoreBins()
        #expect(bins.rocAUC == nil && bins.averagePrecision == nil && bins.brier == nil && bins.positiveRate == nil)
        bins.add(score: .nan, isPositive: true)
        #expect(bins.total == 0)
        bins.add(score: 1e300, isPositive: true)
        bins.add(score: -.infinity, isPositive: false)
        #expect(bins.rocAUC == 1)
        #expect(bins.positiveRate == 0.5)
        #expect(bins.positives.count + bins.negatives.count == 2048)
        #expect(try recoded(bins) == bins)
    }
}
