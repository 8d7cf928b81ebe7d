// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// What a version's data looked like when it was good.
package struct ProfileDTO: Sendable, Hashable, Codable {
    package var version: VersionID
    package var createdAt: Timestamp
    package var rows: Int
    package var task: PredictionTask
    package var classes: [String]
    package var features: [ColumnProfileDTO]
    package var outputs: [ColumnProfileDTO]
    /// Quality on labelled data by signal name.
    package var performance: [String: Double]
    /// Whether raw scores are mapped to calibrated ones, which estimates without labels need.
    package var isCalibrated: Bool
    /// Whether it is of the first rows that were asked, for want of one of good data.
    package var isProvisional: Bool
    /// Columns beyond the limit.
    package var leftOut: [String]

    package init(
        version: VersionID, createdAt: Timestamp, rows: Int, task: PredictionTask, features: [ColumnProfileDTO],
        outputs: [ColumnProfileDTO]
    ) {
        self.version = version
        self.createdAt = createdAt
        self.rows = rows
        self.task = task
        self.features = features
        self.outputs = outputs
        classes = []
        performance = [:]
        isCalibrated = false
        isProvisional = false
        leftOut = []
    }
}

/// One feature or output of a profile.
package struct ColumnProfileDTO: Sendable, Hashable, Codable {
    package var name: String
    /// `numeric`, `categorical` or `text`.
    package var kind: String
    package var count: Int
    package var missing: Int
    package var mean: Double?
    package var standardDeviation: Double?
    package var minimum: Double?
    package var maximum: Double?
    /// Values at 5, 25, 50, 75 and 95 %; of text, of its lengths.
    package var quantiles: [Double]?
    /// The most frequent values with their counts, 20 at most.
    package var categories: [CategoryDTO]?
    /// About how many different values there were.
    package var distinct: Double

    package init(name: String, kind: String, count: Int, missing: Int, distinct: Double) {
        self.name = name
        self.kind = kind
        self.count = count
        self.missing = missing
        self.distinct = distinct
    }
}

package struct CategoryDTO: Sendable, Hashable, Codable {
    package var value: String
    package var count: Int

    package init(value: String, count: Int) {
        self.value = value
        self.count = count
    }
}

/// Rows that a profile is to be made of.
package struct ProfileRequest: Sendable, Hashable {
    /// The version, or an endpoint for its primary.
    package var reference: ModelReference
    /// A file of the caller's machine: CSV, JSON lines, npy, npz or Arrow, told by its name.
    package var path: String
    /// The name to record, and to tell the format by, when `path` is a temporary copy.
    package var sourceName: String?
    /// The column that holds the truth; `nil` where there is none.
    package var labels: String?

    package init(reference: ModelReference, path: String, sourceName: String? = nil, labels: String? = nil) {
        self.reference = reference
        self.path = path
        self.sourceName = sourceName
        self.labels = labels
    }
}
