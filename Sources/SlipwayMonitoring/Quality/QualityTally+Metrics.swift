// SPDX-License-Identifier: Apache-2.0

import SlipwayNumerics

/// One metric of quality with how sure it is.
package struct QualityMetric: Sendable, Hashable, Codable {
    package var kind: SignalKind
    package var value: Double
    /// Rows it is of: of precision those predicted positive, of recall the true ones, where there are two classes.
    package var samples: Int
    /// Half the width of a 95 % confidence interval; `nil` where none is known.
    package var margin: Double?
    /// Average, classes and bins by name.
    package var method: String
}

extension QualityTally {
    /// Every metric that the rows have, in the conventions of scikit-learn.
    package var metrics: [QualityMetric] {
        regression.count > 0 ? regressionMetrics : classes.isEmpty ? [] : classMetrics + scoreMetrics
    }

    private func metric(
        _ kind: SignalKind, _ value: Double?, margin: Double? = nil, samples: Int? = nil, _ method: String = ""
    ) -> [QualityMetric] {
        guard let value, value.isFinite else { return [] }
        return [QualityMetric(kind: kind, value: value, samples: samples ?? rows, margin: margin, method: method)]
    }

    private var classMetrics: [QualityMetric] {
        let matrix = confusion
        let accuracy = metric(
            .accuracy, matrix.accuracy, margin: ConfidenceMargin.share(matrix.accuracy, of: matrix.total))
        guard let positive = positiveIndex else {
            return accuracy + metric(.precision, matrix.precision(.macro), "macro average")
                + metric(.recall, matrix.recall(.macro), "macro average")
                + metric(.f1, matrix.f1(.macro), "macro average")
        }
        let method = "of class \(classes[positive])"
        let (predicted, support) = (matrix.predictions(positive), matrix.support(positive))
        let precision = matrix.precision(.binary(positive: positive))
        let recall = matrix.recall(.binary(positive: positive))
        return accuracy
            + metric(
                .precision, predicted > 0 ? precision : nil, margin: ConfidenceMargin.share(precision, of: predicted),
                samples: Int(predicted), method)
            + metric(
                .recall, support > 0 ? recall : nil, margin: ConfidenceMargin.share(recall, of: support),
                samples: Int(support), method)
            + metric(
                .f1, predicted + support > 0 ? matrix.f1(.binary(positive: positive)) : nil,
                margin: f1Margin(recall: recall, predicted: predicted, support: support), method)
    }

    /// By the delta method on F1 = 2 TP / (2 TP + FP + FN), whose counts are multinomial.
    private func f1Margin(recall: Double, predicted: Double, support: Double) -> Double? {
        let hits = recall * support
        let whole = predicted + support
        guard hits > 0, rows > 1 else { return nil }
        let (n, f1) = (Double(rows), 2 * hits / whole)
        let (byHit, byMiss) = ((2 - 2 * f1) / whole, -f1 / whole)
        let misses = predicted + support - 2 * hits
        let first = byHit * hits + byMiss * misses
        let second = byHit * byHit * hits + byMiss * byMiss * misses
        return ConfidenceMargin.normal * max(second - first * first / n, 0).squareRoot()
    }

    private var scoreMetrics: [QualityMetric] {
        let method = scores.count == 1 ? "of class \(positive ?? "")" : "one against the rest, macro average"
        let binned = method + ", 1,024 bins of score"
        let areas = scores.values.map { bins in
            (area: bins.rocAUC, precision: bins.averagePrecision, error: bins.rocAUCMargin)
        }
        func mean(_ values: [Double?]) -> Double? {
            let known = values.compactMap { $0 }
            return known.isEmpty || known.count < values.count ? nil : known.reduce(0, +) / Double(known.count)
        }
        var areaMargin: Double?
        if scores.count == 1, let bins = scores.first?.value, let area = bins.rocAUC, let rate = bins.positiveRate {
            let total = Double(bins.total)
            areaMargin = ConfidenceMargin.area(area, positives: rate * total, negatives: (1 - rate) * total)
                .map { $0 + (bins.rocAUCMargin ?? 0) }
        }
        // Of two classes calibration is of the second's score, else of the confidence in what was predicted.
        let ofPositive = positive.flatMap { scores[$0]?.expectedCalibrationError }
        return metric(.rocAUC, mean(areas.map(\.area)), margin: areaMargin, binned)
            + metric(.averagePrecision, mean(areas.map(\.precision)), binned)
            + (logLoss.count > 0
                ? metric(.logLoss, logLoss.mean, margin: logLoss.margin, samples: logLoss.count) : [])
            + (brier.count > 0
                ? metric(
                    .brier, brier.mean, margin: brier.margin, samples: brier.count,
                    positive == nil ? "sum over classes" : method) : [])
            + metric(
                .calibrationError, ofPositive ?? calibration.expectedError,
                ofPositive == nil ? "confidence, 15 bins of equal width" : "\(method), 15 bins of equal width")
    }

    private var regressionMetrics: [QualityMetric] {
        let rootMargin = regression.rmse.flatMap { root in
            // The delta method: the square root's slope is 1 / (2 rmse).
            root > 0 ? squared.margin.map { $0 / (2 * root) } : nil
        }
        let count = regression.count
        return metric(.mae, regression.mae, margin: absolute.margin, samples: count)
            + metric(.rmse, regression.rmse, margin: rootMargin, samples: count)
            + metric(.mape, regression.mape, margin: relative.margin, samples: count, "a share")
            + metric(.r2, regression.r2, samples: count)
    }
}
