// SPDX-License-Identifier: Apache-2.0

/// A model of XGBoost, as its file describes it.
public struct XGBoostModel: Sendable {
    /// A tree, its nodes in parallel lists.
    public struct Tree: Sendable {
        /// Index of the node to the left, -1 for a leaf.
        public var left: [Int] = []
        public var right: [Int] = []
        public var features: [Int] = []
        /// Of a split, left where `x < condition`; of a leaf, what it adds.
        public var conditions: [Float] = []
        public var defaultLeft: [Bool] = []
        /// For splits on categories: which of them go right, by node.
        public var categories: [Int: [Int]] = [:]
        /// Values of each leaf where a tree serves several targets, else 1.
        public var leafSize = 1
        /// For leaves of several values: those of each leaf, whose index is in ``right``, or of each node.
        public var leafVectors: [Float] = []
        public var hasVectorOfEachNode = false

        public init() {}

        public var nodeCount: Int { left.count }
    }

    /// Of the XGBoost that wrote it; zeros where the file does not say.
    public var version: [Int] = []
    /// `binary:logistic`.
    public var objective = ""
    /// `gbtree`, `dart` or `gblinear`.
    public var booster = "gbtree"
    public var featureCount = 0
    /// 0 unless the objective has classes.
    public var classCount = 0
    public var targetCount = 1
    /// In the space of predictions: probabilities for logistic objectives. One, or one for each output.
    public var baseScores: [Double] = []
    public var trees: [Tree] = []
    /// Which output each tree adds to.
    public var treeOutputs: [Int] = []
    /// What each tree counts, where the booster is `dart`.
    public var treeWeights: [Float] = []
    /// Where each round of boosting ends in ``trees``, after a zero; empty where the file does not say.
    public var rounds: [Int] = []
    public var parallelTreeCount = 1
    /// For `gblinear`: `[features + 1, outputs]`, the last row added to all.
    public var linearWeights: [Float] = []
    public var featureNames: [String] = []
    /// `attributes`, such as `best_iteration`.
    public var attributes: [String: String] = [:]

    public init() {}

    /// Columns of the raw prediction.
    public var outputCount: Int { max(1, classCount, targetCount) }
}
