// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
import SlipwayNumerics

/// Quality of one version in the window, in full: for people and programs, where signals are for rules.
package struct QualitySummary: Sendable, Hashable, Codable {
    /// A business number.
    package struct KPI: Sendable, Hashable, Codable {
        package var mean: Double
        package var count: Int
        package var margin: Double?
    }

    /// Precision, recall and F1 in one kind of average, or of one class.
    package struct Averaged: Sendable, Hashable, Codable {
        package var precision: Double
        package var recall: Double
        package var f1: Double
        /// Rows of the class; of all for averages.
        package var support: Int
    }

    /// Of all rows, or those of one segment.
    package struct Table: Sendable, Hashable, Codable {
        package var rows: Int
        package var metrics: [QualityMetric]
        /// By `macro`, `micro` and `weighted`; empty without classes.
        package var averages: [String: Averaged]
        package var byClass: [String: Averaged]
        package var classes: [String]
        /// Rows by truth, then by prediction, in the order of ``classes``.
        package var confusion: [[Int]]
    }

    package var version: VersionID
    package var all: Table
    package var segments: [String: Table]
    package var kpis: [String: KPI]
    /// Requests with a label, and those whose waiting ended without one.
    package var labelled: Int
    package var unlabelled: Int

    init(version: VersionID, quality: VersionQuality) {
        self.version = version
        all = Table(quality.all)
        segments = quality.segments.mapValues(Table.init)
        kpis = quality.kpis.mapValues { sums in
            KPI(
                mean: sums.mean, count: sums.count,
                margin: ConfidenceMargin.mean(sampleVariance: sums.sampleVariance, count: sums.count))
        }
        labelled = quality.labelled
        unlabelled = quality.unlabelled
    }
}

extension QualitySummary.Table {
    init(_ tally: QualityTally) {
        let matrix = tally.confusion
        rows = tally.rows
        metrics = tally.metrics
        classes = tally.classes
        confusion = (0..<matrix.classes).map { truth in
            (0..<matrix.classes).map { Int(matrix.count(truth: truth, predicted: $0)) }
        }
        averages = [:]
        byClass = [:]
        guard matrix.classes > 0 else { return }
        func averaged(_ average: ConfusionMatrix.Average, support: Double) -> QualitySummary.Averaged {
            QualitySummary.Averaged(
                precision: matrix.precision(average), recall: matrix.recall(average), f1: matrix.f1(average),
                support: Int(support))
        }
        averages = [
            "macro": averaged(.macro, support: matrix.total), "micro": averaged(.micro, support: matrix.total),
            "weighted": averaged(.weighted, support: matrix.total),
        ]
        for (index, name) in classes.enumerated() {
            byClass[name] = averaged(.binary(positive: index), support: matrix.support(index))
        }
    }
}
