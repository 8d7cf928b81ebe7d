// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// A boosted model of any framework, ready to be written as ONNX.
struct BoosterModel: Sendable {
    /// What makes the raw prediction.
    enum Body: Sendable {
        case trees(TreeEnsemble)
        /// `[features + 1, outputs]`, the last row added to all; missing values count as zero.
        case linear([Float], outputs: Int)
    }

    /// What a feature of categories is made of before it is compared with their numbers.
    enum Rounding: Sendable {
        case down, towardsZero
    }

    /// `XGBoost 3.2.0`.
    var framework: String
    /// `gbtree`.
    var kind: String
    var objective: String
    var featureNames: [String] = []
    var featureCount: Int
    var body: Body
    var link: BoosterLink
    /// Of classifiers; `nil` for numbers from 0 on.
    var classes: SklearnClasses?
    /// The sum above which the second of two classes is told.
    var threshold = 0.0
    /// What stands for a missing value beside NaN.
    var missing: Double?
    var categoricalFeatures: Set<Int> = []
    var rounding = Rounding.down
    var notes: [String] = []

    /// What the frameworks compare features in.
    var comparison: ElementType {
        if case .trees(let ensemble) = body { ensemble.comparison } else { .float32 }
    }

    /// Sizes for people.
    var detail: String {
        switch body {
        case .trees(let ensemble):
            let nodes = ensemble.trees.reduce(0) { $0 + $1.nodes.count }
            return "\(featureCount) features, \(ensemble.trees.count) trees, \(nodes) nodes, objective \(objective)"
        case .linear: return "\(featureCount) features, linear, objective \(objective)"
        }
    }
}

/// What makes predictions of raw sums.
enum BoosterLink: Sendable, Hashable {
    case identity
    case exponential
    /// The square with the sign of the sum: `sqrt` of LightGBM.
    case signedSquare
    /// One number between 0 and 1 that is not a class's: `1 / (1 + exp(-scale · x))`.
    case sigmoid(scale: Double)
    /// `log(1 + exp(x))`.
    case logOnePlusExponential
    /// Two classes by one sum.
    case binary(scale: Double)
    /// Two classes by one sum above zero, without probabilities.
    case binaryDecision
    case softmax
    /// A sigmoid for each class; the probabilities of a row need not sum to one.
    case oneAgainstAll(scale: Double)

    var isClassifier: Bool {
        switch self {
        case .binary, .binaryDecision, .softmax, .oneAgainstAll: true
        default: false
        }
    }
}
