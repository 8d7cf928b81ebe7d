// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// What meta-estimators ask of the estimators inside them.
extension SklearnContext {
    /// The estimators of a list attribute, which must not be empty.
    func fittedEstimators(_ name: String = "estimators_") throws(ConversionError) -> [SklearnContext] {
        let found = try estimators(name)
        guard !found.isEmpty else { throw malformed("'\(name)' is empty") }
        return found
    }

    /// Adds this estimator, which has to be a classifier.
    func addClassifier(
        _ input: SklearnInput, to graph: inout GraphBuilder
    ) throws(ConversionError) -> SklearnClassifier {
        if case .classifier(let classifier) = try SklearnRegistry.add(self, input: input, to: &graph) {
            return classifier
        }
        throw unsupported("it stands where a classifier with one label for each row is wanted")
    }

    /// Adds this estimator, which has to be a regressor: float64 `[N, targets]`.
    func addRegressor(
        _ input: SklearnInput, to graph: inout GraphBuilder
    ) throws(ConversionError) -> (value: String, targets: Int) {
        if case .regressor(let value, let targets) = try SklearnRegistry.add(self, input: input, to: &graph) {
            return (value, targets)
        }
        throw unsupported("it stands where a regressor is wanted")
    }

    /// What several estimators that share an input have to be given: what they agree in, else float64.
    static func sharedNeeds(_ estimators: [SklearnContext]) throws(ConversionError) -> SklearnNeeds {
        var shared: SklearnNeeds?
        for estimator in estimators {
            let needs = try SklearnRegistry.needs(of: estimator)
            guard let known = shared, known != needs else {
                shared = needs
                continue
            }
            guard case .matrix(_, let width) = needs, case .matrix(_, width) = known else {
                throw estimator.unsupported("it wants other columns than the estimators beside it")
            }
            shared = .matrix(.float64, width: width)
        }
        return shared ?? .matrix(.float64, width: 1)
    }
}

extension SklearnClasses {
    /// `0 ..< count`, as encoded labels are.
    static func encoded(_ count: Int) -> SklearnClasses { .integers((0..<count).map(Int64.init)) }

    /// For each class of `whole` its index here; `nil` where it is not among these.
    func places(in whole: SklearnClasses) -> [Int?] {
        switch (self, whole) {
        case (.integers(let own), .integers(let all)): Self.places(of: all, in: own)
        case (.strings(let own), .strings(let all)): Self.places(of: all, in: own)
        default: [Int?](repeating: nil, count: whole.count)
        }
    }

    private static func places<Class: Hashable>(of all: [Class], in own: [Class]) -> [Int?] {
        let numbers = Dictionary(zip(own, own.indices)) { first, _ in first }
        return all.map { numbers[$0] }
    }
}

extension SklearnClassifier {
    /// Probabilities in the order of other classes, with zeros for those that this one does not know.
    func probabilities(
        over whole: SklearnClasses, _ estimator: SklearnContext, in graph: inout GraphBuilder
    ) throws(ConversionError) -> String {
        guard let probabilities else { throw estimator.unsupported("it has no predict_proba, which is needed here") }
        return graph.spread(probabilities, width: classes.count, over: try places(in: whole, estimator))
    }

    /// The predicted class as 1 among zeros, in the order of other classes: float64 `[N, classes]`.
    func votes(
        over whole: SklearnClasses, _ estimator: SklearnContext, in graph: inout GraphBuilder
    ) throws(ConversionError) -> String {
        let own = graph.indicator(index, count: classes.count)
        return graph.spread(own, width: classes.count, over: try places(in: whole, estimator))
    }

    /// What scikit-learn calibrates and decides by: the decision, else the probability of the second of two classes
    /// or of every class. Float64 `[N, width]`.
    ///
    /// - Throws: ``ConversionError`` `unsupported` where it has neither, and where the file does not tell which it was.
    func response(
        _ estimator: SklearnContext, in graph: inout GraphBuilder
    ) throws(ConversionError) -> (value: String, width: Int, isDecision: Bool) {
        if let doubt { throw estimator.unsupported(doubt) }
        if let decision { return (decision, decisionWidth, true) }
        guard let probabilities else {
            throw estimator.unsupported("it has neither decision_function nor predict_proba")
        }
        if classes.count == 2 { return (graph.columns(probabilities, [1]), 1, false) }
        return (probabilities, classes.count, false)
    }

    private func places(
        in whole: SklearnClasses, _ estimator: SklearnContext
    ) throws(ConversionError) -> [Int?] {
        let places = classes.places(in: whole)
        guard places.compactMap({ $0 }).count == classes.count else {
            throw estimator.malformed("its classes are not among those of the estimator around it")
        }
        return places
    }
}
