// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// Which family converts which class.
package enum SklearnRegistry {
    /// Estimators may hold estimators; this many levels.
    static let maximumDepth = 32
    /// Estimators may be shared, so that a small file can name many.
    private static let maximumStepCount = 5_000

    private static let families: [String: any SklearnEstimator.Type] = {
        var table: [String: any SklearnEstimator.Type] = [:]
        for family in core + rest + boosters {
            for name in family.names { table["\(family.framework).\(name)"] = family }
        }
        return table
    }()

    /// Linear models, trees, preprocessing and composition.
    private static let core: [any SklearnEstimator.Type] = [
        LinearRegressors.self, GeneralizedLinearRegressors.self, LinearClassifiers.self,
        DecisionTrees.self, Forests.self, GradientBoosting.self, HistGradientBoosting.self,
        Scalers.self, OneHotEncoding.self, OrdinalEncoding.self, LabelEncoding.self, Imputation.self,
        MissingIndication.self, PrincipalComponents.self, FunctionTransforms.self, DummyEstimators.self,
        Pipelines.self, ColumnTransforms.self, FeatureUnions.self, ModelSearches.self,
    ]

    /// What an estimator has to be given.
    ///
    /// - Throws: ``ConversionError`` `unsupported` for a class that no family converts.
    package static func needs(of estimator: SklearnContext) throws(ConversionError) -> SklearnNeeds {
        try family(of: estimator).needs(estimator)
    }

    /// Adds an estimator of any family, with a step in the report.
    ///
    /// - Throws: ``ConversionError`` `unsupported` for a class that no family converts.
    package static func add(
        _ estimator: SklearnContext, input: SklearnInput, to graph: inout GraphBuilder
    ) throws(ConversionError) -> SklearnOutput {
        let family = try family(of: estimator)
        guard graph.report.steps.count < maximumStepCount else {
            throw ConversionError(
                .limitExceeded, "the model has more than \(maximumStepCount) estimators", at: estimator.path)
        }
        graph.report.steps.append(.init(path: estimator.path, kind: estimator.type.name))
        return try family.add(estimator, input: input, to: &graph)
    }

    private static func family(
        of estimator: SklearnContext
    ) throws(ConversionError) -> any SklearnEstimator.Type {
        let framework = estimator.type.module.prefix { $0 != "." }
        if let family = families["\(framework).\(estimator.type.name)"] { return family }
        throw estimator.unsupported(
            "\(estimator.type) is not converted; replace it by one of the estimators in "
                + "docs/operations/import-scikit-learn.md, or export the model to ONNX where it was trained")
    }
}
