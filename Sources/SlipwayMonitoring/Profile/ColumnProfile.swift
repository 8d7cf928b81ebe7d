// SPDX-License-Identifier: Apache-2.0

package import SlipwayNumerics

/// One feature or output.
package struct ColumnProfile: Sendable, Hashable, Codable {
    package enum Kind: String, Sendable, Hashable, Codable {
        case numeric, categorical, text
    }

    /// What is kept of each row of a tensor too wide, or too varying in width, to be looked at column by column.
    ///
    /// The raw value stands in the place of ``ColumnProfile/column``.
    package enum Summary: Int, Sendable, Hashable, CaseIterable {
        /// Root of the sum of squares.
        case norm = -1
        case mean = -2
        /// Standard deviation (`ddof = 0`).
        case deviation = -3
        /// Elements of the row.
        case length = -4

        package var name: String {
            switch self {
            case .norm: "norm"
            case .mean: "mean"
            case .deviation: "deviation"
            case .length: "length"
            }
        }
    }

    package var name: String
    package var kind: Kind
    /// The tensor it is a column of, and which; a ``Summary``'s raw value for summaries.
    package var tensor: String
    package var column: Int
    /// Values that were there.
    package var count: Int
    /// NaN, and empty text.
    package var missing: Int
    /// Values at or beyond the extremes of all; what a saturated output shows more of.
    package var saturated: Int
    /// Numeric columns, and lengths of text.
    package var counts: EdgeCounts?
    package var mean: Double?
    package var standardDeviation: Double?
    package var minimum: Double?
    package var maximum: Double?
    /// Categorical columns: counts by value, the most frequent 1,000; others are under ``otherCategories``.
    package var categories: [String: Int]?
    package var otherCategories: Int
    /// Text: share of letters, digits, spaces, punctuation, other; see ``CharacterClasses``.
    package var characterClasses: [Double]?
    package var distinct: Double

    package init(name: String, kind: Kind, tensor: String, column: Int) {
        self.name = name
        self.kind = kind
        self.tensor = tensor
        self.column = column
        count = 0
        missing = 0
        saturated = 0
        otherCategories = 0
        distinct = 0
    }
}
