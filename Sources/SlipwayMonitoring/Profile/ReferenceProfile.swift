// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
package import SlipwayNumerics

/// What a version's data looked like when it was good: what drift and quality are held against.
package struct ReferenceProfile: Sendable, Hashable, Codable {
    package static let currentFormat = 1
    /// Most features and outputs that are profiled; the rest are named in ``leftOut``.
    package static let maximumColumns = 4096
    /// A tensor with more columns is summarised: see ``ColumnProfile/Summary``.
    package static let maximumTensorColumns = 256

    package var format = ReferenceProfile.currentFormat
    package var createdAt: Timestamp
    package var rows: Int
    /// Made of the first requests instead of data that was known to be good.
    package var isProvisional = false
    /// Columns of inputs: a tensor of shape [n, 30] is 30 columns, `input[0]` ... `input[29]`, or the names given.
    package var features: [ColumnProfile]
    package var outputs: [ColumnProfile]
    package var task: PredictionTask
    /// Of classifiers: the classes in the order of the scores.
    package var classes: [String]
    /// Rows of each class, by label where there were labels, else as predicted.
    package var classCounts: [Int]
    /// Of classifiers: maps raw scores to calibrated ones, one curve for each class; `nil` without labels.
    package var calibration: [IsotonicCurve]?
    /// Quality on labelled data by signal name; empty where there were no labels.
    package var performance: [String: Double]
    /// Principal components of the numeric features; `nil` below 2 of them, and above 128.
    package var components: PrincipalComponents?
    /// Count, mean and spread of the reference's own reconstruction errors.
    package var reconstruction: Welford?
    /// What single rows are scored by; `nil` where ``components`` is.
    package var outliers: OutlierModel?
    package var leftOut: [String]

    package init(createdAt: Timestamp, rows: Int, features: [ColumnProfile], outputs: [ColumnProfile]) {
        self.createdAt = createdAt
        self.rows = rows
        self.features = features
        self.outputs = outputs
        task = .other
        classes = []
        classCounts = []
        performance = [:]
        leftOut = []
    }
}
