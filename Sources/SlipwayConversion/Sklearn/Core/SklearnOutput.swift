// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// What an estimator gives.
package enum SklearnOutput: Sendable {
    case classifier(SklearnClassifier)
    /// One classifier for each target.
    case classifiers([SklearnClassifier])
    /// float64 `[N, targets]`.
    case regressor(String, targets: Int)
    /// What `transform` gives.
    case features(SklearnInput)
    /// A cluster's number, INT64 `[N]`, and what `transform` or `predict_proba` gives, float64 `[N, columns]`.
    case clusterer(label: String, scores: String?, columns: Int)
    /// 1 for an inlier and -1 for an outlier, INT64 `[N]`, and `decision_function`, float64 `[N]`.
    case outlier(label: String, scores: String)
}

/// What a classifier gives; meta-estimators take what they need, and what nobody takes is dropped.
package struct SklearnClassifier: Sendable {
    package var classes: SklearnClasses
    /// Index of the predicted class, INT64 `[N]`.
    package var index: String
    /// `predict_proba`, float64 `[N, classes]`; `nil` where it has none.
    package var probabilities: String?
    /// `decision_function`, float64: `[N, 1]` for two classes, else `[N, classes]` or, for pairs, `[N, pairs]`.
    package var decision: String?
    /// Columns of ``decision``.
    package var decisionWidth: Int
    /// Why estimators around it cannot tell whether scikit-learn gave them ``decision`` or ``probabilities``.
    package var doubt: String?

    /// - Parameter decisionWidth: 1 for two classes and their number otherwise, where it is not given.
    package init(
        classes: SklearnClasses, index: String, probabilities: String?, decision: String?, decisionWidth: Int? = nil
    ) {
        self.classes = classes
        self.index = index
        self.probabilities = probabilities
        self.decision = decision
        self.decisionWidth = decisionWidth ?? (classes.count == 2 ? 1 : classes.count)
    }

    /// A classifier that predicts the class of the greatest probability, the first of equals.
    package init(
        classes: SklearnClasses, probabilities: String, decision: String? = nil, in graph: inout GraphBuilder
    ) {
        self.init(
            classes: classes, index: graph.argmax(probabilities), probabilities: probabilities, decision: decision)
    }

    /// The predicted class itself: INT64 or BYTES `[N]`.
    package func label(in graph: inout GraphBuilder) -> String {
        graph.node("Gather", [graph.constant(classes.tensor), index], ["axis": .int(0)])
    }
}

extension SklearnOutput {
    /// Columns for the next step of a pipeline.
    ///
    /// - Throws: ``ConversionError`` `unsupported` where the estimator has no `transform`.
    package func features(of estimator: SklearnContext) throws(ConversionError) -> SklearnInput {
        switch self {
        case .features(let input): return input
        case .clusterer(_, let scores?, let columns): return SklearnInput(scores, .float64, width: columns)
        default:
            throw estimator.unsupported("it has no transform, and stands where features are wanted")
        }
    }
}
