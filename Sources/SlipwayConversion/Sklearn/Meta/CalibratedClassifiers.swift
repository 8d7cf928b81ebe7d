// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// CalibratedClassifierCV: the mean over classifiers of their responses, put through sigmoids, isotonic steps or a
/// temperature.
enum CalibratedClassifiers: SklearnEstimator {
    static let names = ["CalibratedClassifierCV"]

    static func needs(_ estimator: SklearnContext) throws(ConversionError) -> SklearnNeeds {
        var inner: [SklearnContext] = []
        for part in try estimator.fittedEstimators("calibrated_classifiers_") { inner.append(try base(of: part)) }
        return try SklearnContext.sharedNeeds(inner)
    }

    static func add(
        _ estimator: SklearnContext, input: SklearnInput, to graph: inout GraphBuilder
    ) throws(ConversionError) -> SklearnOutput {
        let classes = try estimator.classes()
        let parts = try estimator.fittedEstimators("calibrated_classifiers_")
        graph.describeStep("\(parts.count) calibrated classifiers")
        var sum = ""
        for part in parts {
            let base = try base(of: part)
            let classifier = try base.addClassifier(input, to: &graph)
            let response = try classifier.response(base, in: &graph)
            let probabilities =
                part.string("method", default: "sigmoid") == "temperature"
                ? try tempered(part, response, &graph)
                : try calibrated(part, response, classifier.classes, classes, &graph)
            sum = sum.isEmpty ? probabilities : graph.add(sum, probabilities)
        }
        let mean = parts.count == 1 ? sum : graph.divide(sum, graph.double(Double(parts.count)))
        return .classifier(SklearnClassifier(classes: classes, probabilities: mean, in: &graph))
    }

    /// The fitted classifier, a frozen one taken out of its wrapper.
    private static func base(of part: SklearnContext) throws(ConversionError) -> SklearnContext {
        let inner = try part.estimator(part.either("estimator", "base_estimator"))
        return inner.type.name == "FrozenEstimator" ? try inner.estimator("estimator") : inner
    }

    private static func calibrated(
        _ part: SklearnContext, _ response: (value: String, width: Int, isDecision: Bool), _ own: SklearnClasses,
        _ classes: SklearnClasses, _ graph: inout GraphBuilder
    ) throws(ConversionError) -> String {
        let calibrators = try part.estimators(part.either("calibrators", "calibrators_"))
        guard calibrators.count == response.width else {
            throw part.malformed("it has \(calibrators.count) calibrators for \(response.width) responses")
        }
        var columns: [String] = []
        for (index, calibrator) in calibrators.enumerated() {
            let column = response.width == 1 ? response.value : graph.columns(response.value, [index])
            columns.append(try calibrate(column, calibrator, &graph))
        }
        if classes.count == 2 {
            guard columns.count == 1 else { throw part.malformed("two classes have \(columns.count) calibrators") }
            return graph.withComplement(clamped(columns[0], &graph))
        }
        let places = own.places(in: classes)
        guard places.compactMap({ $0 }).count == columns.count else {
            throw part.malformed("its classes are not among those of the estimator around it")
        }
        let all = graph.spread(graph.concatenate(columns), width: columns.count, over: places)
        return clamped(graph.normalizeRows(all, otherwise: 1 / Double(classes.count)), &graph)
    }

    private static func calibrate(
        _ column: String, _ calibrator: SklearnContext, _ graph: inout GraphBuilder
    ) throws(ConversionError) -> String {
        switch calibrator.type.name {
        case "_SigmoidCalibration":
            let slope = graph.double(-(try calibrator.double("a_")))
            let offset = graph.double(-(try calibrator.double("b_")))
            return graph.sigmoid(graph.add(graph.multiply(column, slope), offset))
        case "IsotonicRegression":
            return try IsotonicRegressors.line(calibrator).values(of: column, in: &graph)
        default:
            throw calibrator.unsupported("calibrate with method 'sigmoid', 'isotonic' or 'temperature'")
        }
    }

    /// `softmax(beta · logits)`.
    private static func tempered(
        _ part: SklearnContext, _ response: (value: String, width: Int, isDecision: Bool), _ graph: inout GraphBuilder
    ) throws(ConversionError) -> String {
        let calibrators = try part.estimators(part.either("calibrators", "calibrators_"))
        guard let calibrator = calibrators.first else { throw part.malformed("it has no calibrator") }
        var logits = response.value
        if response.isDecision {
            if response.width == 1 { logits = graph.concatenate([graph.negate(logits), logits]) }
        } else {
            if response.width == 1 { logits = graph.withComplement(logits) }
            logits = graph.node("Log", [graph.add(logits, graph.double(Double.ulpOfOne))])
        }
        return graph.softmax(graph.multiply(logits, graph.double(try calibrator.double("beta_"))))
    }

    /// What is above one by rounding is one.
    private static func clamped(_ value: String, _ graph: inout GraphBuilder) -> String {
        graph.node("Min", [value, graph.double(1)])
    }
}

/// IsotonicRegression of one feature.
enum IsotonicRegressors: SklearnEstimator {
    static let names = ["IsotonicRegression"]

    static func needs(_ estimator: SklearnContext) throws(ConversionError) -> SklearnNeeds {
        .matrix(.float64, width: 1)
    }

    static func add(
        _ estimator: SklearnContext, input: SklearnInput, to graph: inout GraphBuilder
    ) throws(ConversionError) -> SklearnOutput {
        guard estimator.string("out_of_bounds", default: "nan") == "clip" else {
            throw estimator.unsupported("outside of its range it gives NaN or fails; use out_of_bounds='clip'")
        }
        let column = try input.numbers(width: 1, for: estimator, in: &graph)
        return .regressor(try line(estimator).values(of: column, in: &graph), targets: 1)
    }

    static func line(_ estimator: SklearnContext) throws(ConversionError) -> PiecewiseLinear {
        let xs = try estimator.numbers("X_thresholds_").values
        let ys = try estimator.numbers("y_thresholds_").values
        guard let line = PiecewiseLinear(xs, ys) else {
            throw estimator.malformed("'X_thresholds_' and 'y_thresholds_' are not points in ascending order")
        }
        return line
    }
}
