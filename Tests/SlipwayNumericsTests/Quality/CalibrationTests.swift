// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayNumerics
import Testing

@Suite("Calibration and estimates without labels")
struct CalibrationTests {
    private struct Isotonic: Decodable { var x, y, weights, grid, plain, weighted: [Double] }

    private struct Confidence: Decodable {
        var probabilities: [Double]
        var accuracy, precision, recall, f1, rocAUC: Double
    }

    private struct File: Decodable {
        var isotonic: Isotonic
        var confidence: Confidence
    }

    @Test("equals scikit-learn's isotonic regression, ties and weights included")
    func isotonic() throws {
        let data = try Golden.load(File.self, "quality").isotonic
        let plain = try #require(IsotonicCurve.fit(scores: data.x, outcomes: data.y))
        let weighted = try #require(IsotonicCurve.fit(scores: data.x, outcomes: data.y, weights: data.weights))
        for (index, x) in data.grid.enumerated() {
            // Means of blocks, summed in another order.
            #expect(near(plain.apply(x), data.plain[index], 1e-12))
            #expect(near(weighted.apply(x), data.weighted[index], 1e-12))
        }
        #expect(try recoded(plain) == plain)
    }

    @Test("rises for any data, and has no value for NaN")
    func rises() {
        var random = SplitMix64(seed: 52)
        for kind in SampleKind.allCases {
            let scores = kind.draw(300, &random)
            let curve = IsotonicCurve.fit(scores: scores, outcomes: scores.map { _ in random.unit() })
            #expect(curve.map { zip($0.values, $0.values.dropFirst()).allSatisfy { $0 <= $1 } } == true)
            #expect(curve?.apply(.nan) == nil)
            #expect(curve?.apply(-.infinity) == curve?.values.first)
            #expect(curve?.apply(.infinity) == curve?.values.last)
        }
        #expect(IsotonicCurve.fit(scores: [.nan], outcomes: [1]) == nil)
        #expect(IsotonicCurve(scores: [1, 1], values: [0, 1]) == nil)
        #expect(IsotonicCurve(scores: [1, 2], values: [1, 0]) == nil)
        #expect(IsotonicCurve(scores: [], values: []) == nil)
    }

    @Test("equals nannyml's confidence-based estimate")
    func confidence() throws {
        let data = try Golden.load(File.self, "quality").confidence
        var parts = [ConfidenceEstimate(classes: 2), ConfidenceEstimate(classes: 2)]
        for (index, p) in data.probabilities.enumerated() {
            parts[index % 2].add(probabilities: [1 - p, p], scores: [1 - p, p], predicted: p >= 0.5 ? 1 : 0)
        }
        #expect(parts[0].merge(parts[1]) == true)
        let estimate = parts[0]
        // Sums of twelve terms; the twelve scores are all in bins of their own.
        #expect(near(estimate.accuracy, data.accuracy, 1e-14))
        #expect(near(estimate.precision, data.precision, 1e-14))
        #expect(near(estimate.recall, data.recall, 1e-14))
        #expect(near(estimate.f1, data.f1, 1e-14))
        #expect(near(estimate.rocAUC, data.rocAUC, 1e-14))
        #expect(try recoded(estimate) == estimate)
    }

    @Test("estimates what labels drawn by the probabilities then show", arguments: [2, 4])
    func agreesWithLabels(classes: Int) throws {
        var random = SplitMix64(seed: 53)
        var estimate = ConfidenceEstimate(classes: classes)
        var matrix = ConfusionMatrix(classes: classes)
        for _ in 0..<20_000 {
            let raw = (0..<classes).map { _ in random.unit() * random.unit() + 0.01 }
            let sum = raw.reduce(0, +)
            let p = raw.map { $0 / sum }
            let chosen = p.indices.max { p[$0] < p[$1] } ?? 0
            estimate.add(probabilities: p, scores: p, predicted: chosen)
            var (truth, rest) = (0, random.unit() - p[0])
            while rest > 0, truth + 1 < classes {
                truth += 1
                rest -= p[truth]
            }
            matrix.add(truth: truth, predicted: chosen)
        }
        let margin = try #require(estimate.accuracyMargin)
        // Twice the 95 % margin is four deviations.
        #expect(abs(try #require(estimate.accuracy) - matrix.accuracy) < 2 * margin)
        let f1 = classes == 2 ? matrix.f1(.binary()) : matrix.f1(.macro)
        // F1 spreads somewhat more than accuracy.
        #expect(abs(try #require(estimate.f1) - f1) < 4 * margin)
    }

    @Test("refuses rows that do not fit the classes")
    func wrongRows() {
        var estimate = ConfidenceEstimate(classes: 2)
        #expect(estimate.accuracy == nil && estimate.f1 == nil && estimate.rocAUC == nil)
        #expect(estimate.add(probabilities: [1], scores: [1], predicted: 0) == false)
        #expect(estimate.add(probabilities: [0.5, 0.5], scores: [0.5, 0.5], predicted: 2) == false)
        #expect(estimate.add(probabilities: [1.5, -0.5], scores: [0.5, 0.5], predicted: 0) == false)
        #expect(estimate.add(probabilities: [.nan, 0.5], scores: [0.5, 0.5], predicted: 0) == false)
        #expect(estimate.merge(ConfidenceEstimate(classes: 3)) == false)
        #expect(estimate.count == 0)
    }

    @Test("calibrates scores of the classes and makes them add up")
    func calibrated() throws {
        let half = try #require(IsotonicCurve(scores: [0, 1], values: [0, 0.5]))
        let zero = try #require(IsotonicCurve(scores: [0], values: [0]))
        #expect(ConfidenceEstimate.calibrated([0.2, 0.8], by: [half]) == [0.6, 0.4])
        #expect(ConfidenceEstimate.calibrated([0.4, 0.4], by: [half, half]) == [0.5, 0.5])
        #expect(ConfidenceEstimate.calibrated([1, 0, 0], by: [half, zero, zero]) == [1, 0, 0])
        #expect(
            ConfidenceEstimate.calibrated([1, 1, 1, 1], by: [zero, zero, zero, zero]) == [0.25, 0.25, 0.25, 0.25])
        #expect(ConfidenceEstimate.calibrated([1, 1, 1], by: [half]) == nil)
        #expect(ConfidenceEstimate.calibrated([.nan, .nan], by: [half]) == nil)
    }

    @Test("counts tables of scores as it counts their rows, to the last bit", arguments: [2, 3, 20], [0, 1, 2])
    func tables(classes: Int, calibration: Int) throws {
        var random = SplitMix64(seed: 59)
        let curve = try #require(IsotonicCurve(scores: [0, 0.3, 1], values: [0, 0.6, 0.9]))
        // Without curves; with one for each class; with one for the second of two, which fits no others.
        let curves = [nil, [IsotonicCurve](repeating: curve, count: classes), [curve]][calibration]
        var (rows, table) = (ConfidenceEstimate(classes: classes), ConfidenceEstimate(classes: classes))
        for batch in 0..<40 {
            var values: [Float] = []
            var isCalibrated = true
            for _ in 0..<(batch % 5) {
                var row = (0..<classes).map { _ in Float(random.below(5)) / 4 }
                if random.below(10) == 0 { row[random.below(classes)] = [.nan, .infinity, -1][random.below(3)] }
                values += row
                let scores = row.map { Double($0) }
                let fitted = curves.flatMap { ConfidenceEstimate.calibrated(scores, by: $0) }
                isCalibrated = isCalibrated && fitted != nil
                let best = scores.indices.reduce(0) { scores[$1] > scores[$0] ? $1 : $0 }
                rows.add(probabilities: fitted ?? scores, scores: scores, predicted: best)
            }
            let fits = values.withUnsafeBufferPointer { table.add($0, classes: classes, calibratedBy: curves) }
            #expect(fits == isCalibrated)
        }
        #expect(table == rows && table.count > 20)
        let other: [Float] = [1, 0, 0, 0]
        #expect(other.withUnsafeBufferPointer { table.add($0, classes: 4, calibratedBy: nil) } == false)
        #expect(table == rows)
    }
}
