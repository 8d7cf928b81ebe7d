// SPDX-License-Identifier: Apache-2.0

/// A model of CatBoost, as its JSON describes it.
public struct CatBoostModel: Sendable {
    public enum Node: Sendable {
        /// Right where `x > border`.
        case split(feature: Int, border: Double, left: Int, right: Int)
        case leaf([Double])
    }

    /// The first node is the root.
    public typealias Tree = [Node]

    /// A numeric feature.
    public struct Feature: Sendable {
        /// Its column.
        public var column: Int
        /// Whether NaN is taken as greater than all borders, or as less.
        public var isMissingGreater: Bool
    }

    /// `Logloss`.
    public var lossFunction = ""
    public var features: [Feature] = []
    public var featureNames: [String] = []
    public var trees: [Tree] = []
    public var scale = 1.0
    public var bias: [Double] = []
    /// Classes in the order of the outputs; empty for regression.
    public var classNames: [StructuredValue] = []
    /// The probability above which the second of two classes is told.
    public var probabilityThreshold = 0.5
    public var version = ""

    public init() {}

    public var columnCount: Int { (features.map(\.column).max() ?? -1) + 1 }
}
