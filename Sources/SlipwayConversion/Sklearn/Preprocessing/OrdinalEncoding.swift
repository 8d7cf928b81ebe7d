// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// Categories as their places in a list.
enum OrdinalEncoding: SklearnEstimator {
    static let names = ["OrdinalEncoder"]

    static func needs(_ estimator: SklearnContext) throws(ConversionError) -> SklearnNeeds {
        estimator.needs(columns: try estimator.categories().map(\.elementType))
    }

    static func add(
        _ estimator: SklearnContext, input: SklearnInput, to graph: inout GraphBuilder
    ) throws(ConversionError) -> SklearnOutput {
        let categories = try estimator.categories(of: input)
        graph.describeStep("\(categories.count) columns")
        estimator.noteMissing(in: categories, to: &graph)
        let groups = try estimator.infrequentGroups(columns: categories.count)
        var unknown = Double.nan
        if estimator.string("handle_unknown", default: "error") == "error" {
            graph.report.notes.append(
                "\(estimator.path): a category that was not there in training gives NaN; scikit-learn refuses it")
        } else {
            unknown = try estimator.double("unknown_value", default: .nan)
        }
        let missing = try estimator.double("encoded_missing_value", default: .nan)
        var values: [String] = []
        for (column, known) in categories.enumerated() {
            var codes = (0..<known.count).map(Double.init)
            if let group = groups[column], group.count == known.count { codes = group.map(Double.init) }
            for code in 0..<known.count where try isMissing(known, code, column, estimator) { codes[code] = missing }
            // The code of an unknown category stands last, where -1 finds it.
            codes.append(unknown)
            try known.require(input.type(ofColumn: column), of: estimator)
            let value = try input.select([column], for: estimator, in: &graph)
                .matrix(known.elementType, for: estimator, in: &graph)
            values.append(
                graph.node("Gather", [graph.doubles(codes), known.addCode(of: value, to: &graph)], ["axis": .int(0)]))
        }
        return .features(SklearnInput(graph.concatenate(values), .float64, width: categories.count))
    }

    /// NaN has a code of its own kind; `None` is a category like others.
    private static func isMissing(
        _ categories: SklearnCategories, _ code: Int, _ column: Int, _ estimator: SklearnContext
    ) throws(ConversionError) -> Bool {
        guard categories.isMissing(code) else { return false }
        let items = try estimator.list("categories_")
        guard items.indices.contains(column), let objects = items[column].array?.objects,
            objects.indices.contains(code)
        else { return true }
        return !objects[code].isNone
    }
}

/// Labels as their places in the sorted list of classes.
enum LabelEncoding: SklearnEstimator {
    static let names = ["LabelEncoder"]

    static func needs(_ estimator: SklearnContext) throws(ConversionError) -> SklearnNeeds {
        .matrix(try categories(of: estimator).elementType, width: 1)
    }

    static func add(
        _ estimator: SklearnContext, input: SklearnInput, to graph: inout GraphBuilder
    ) throws(ConversionError) -> SklearnOutput {
        let categories = try categories(of: estimator)
        guard input.width == 1 else { throw estimator.malformed("it is given \(input.width) columns instead of one") }
        graph.describeStep("\(categories.count) classes")
        graph.report.notes.append("\(estimator.path): an unknown label gives -1; scikit-learn refuses it")
        let value = try input.matrix(categories.elementType, for: estimator, in: &graph)
        let code = graph.cast(categories.addCode(of: value, to: &graph), to: .float64)
        return .features(SklearnInput(code, .float64, width: 1))
    }

    private static func categories(of estimator: SklearnContext) throws(ConversionError) -> SklearnCategories {
        try SklearnCategories(try estimator.require("classes_"), "classes_", of: estimator)
    }
}
