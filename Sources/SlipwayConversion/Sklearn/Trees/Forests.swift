// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// Single decision trees.
enum DecisionTrees: SklearnEstimator {
    static let names = [
        "DecisionTreeClassifier", "DecisionTreeRegressor", "ExtraTreeClassifier", "ExtraTreeRegressor",
    ]

    static func needs(_ estimator: SklearnContext) throws(ConversionError) -> SklearnNeeds {
        .matrix(.float32, width: try estimator.featureCount())
    }

    static func add(
        _ estimator: SklearnContext, input: SklearnInput, to graph: inout GraphBuilder
    ) throws(ConversionError) -> SklearnOutput {
        let width = try estimator.featureCount()
        let tree = try SklearnTree(of: estimator, features: width)
        graph.describeStep("\(width) features, \(tree.nodeCount) nodes")
        return try Forests.add([tree], width: width, estimator, input: input, to: &graph)
    }
}

/// Forests, which average their trees.
enum Forests: SklearnEstimator {
    static let names = [
        "RandomForestClassifier", "RandomForestRegressor", "ExtraTreesClassifier", "ExtraTreesRegressor",
    ]

    static func needs(_ estimator: SklearnContext) throws(ConversionError) -> SklearnNeeds {
        .matrix(.float32, width: try estimator.featureCount())
    }

    static func add(
        _ estimator: SklearnContext, input: SklearnInput, to graph: inout GraphBuilder
    ) throws(ConversionError) -> SklearnOutput {
        let width = try estimator.featureCount()
        var trees: [SklearnTree] = []
        var nodes = 0
        for inner in try estimator.estimators("estimators_") {
            let tree = try SklearnTree(of: inner, features: width)
            nodes += tree.nodeCount
            try estimator.checkNodeCount(nodes)
            trees.append(tree)
        }
        guard !trees.isEmpty else { throw estimator.malformed("it has no trees") }
        graph.describeStep("\(width) features, \(trees.count) trees, \(nodes) nodes")
        return try add(trees, width: width, estimator, input: input, to: &graph)
    }

    /// The average of trees, as the classifier or regressor that the estimator is.
    static func add(
        _ trees: [SklearnTree], width: Int, _ estimator: SklearnContext, input: SklearnInput,
        to graph: inout GraphBuilder
    ) throws(ConversionError) -> SklearnOutput {
        guard estimator.type.name.hasSuffix("Classifier") else {
            let outputs = try estimator.integer("n_outputs_", default: 1)
            let forest = SklearnForest(trees, width: width, isClassifier: false)
            return .regressor(
                try forest.addMeans(estimator, input: input, outputs: outputs, to: &graph), targets: outputs)
        }
        let classes = try estimator.classesOfOutputs()
        let shares = try SklearnForest(trees, width: width, isClassifier: true)
            .addShares(classes: classes.map(\.count), estimator, input: input, to: &graph)
        let classifiers = zip(classes, shares).map {
            SklearnClassifier(classes: $0, probabilities: $1, in: &graph)
        }
        return classifiers.count == 1 ? .classifier(classifiers[0]) : .classifiers(classifiers)
    }
}

extension SklearnContext {
    /// - Throws: ``ConversionError`` `limitExceeded` for more nodes than are converted.
    func checkNodeCount(_ count: Int) throws(ConversionError) {
        guard count > SklearnTree.maximumNodeCount else { return }
        throw ConversionError(
            .limitExceeded, "its trees have more than \(SklearnTree.maximumNodeCount) nodes", at: location)
    }

    /// `classes_`: one array, or a list of them where there are several outputs.
    package func classesOfOutputs() throws(ConversionError) -> [SklearnClasses] {
        let value = try require("classes_")
        guard case .list(let items) = value.kind else { return [try classes()] }
        var result: [SklearnClasses] = []
        for (index, item) in items.enumerated() { result.append(try classes(item, "classes_[\(index)]")) }
        guard !result.isEmpty else { throw malformed("'classes_' is empty") }
        return result
    }
}
