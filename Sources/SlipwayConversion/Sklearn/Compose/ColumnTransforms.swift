// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// Transformers for some columns each; named columns are inputs of their own.
enum ColumnTransforms: SklearnEstimator {
    static let names = ["ColumnTransformer"]

    /// A transformer that is not dropped, and its columns; without an estimator they go through.
    private struct Branch {
        let name: String
        let estimator: SklearnContext?
        let columns: [Int]
    }

    static func needs(_ estimator: SklearnContext) throws(ConversionError) -> SklearnNeeds {
        let width = try estimator.featureCount()
        var types = Array(repeating: ElementType?.none, count: width)
        for branch in try branches(of: estimator, width: width) {
            guard let inner = branch.estimator, let needs = try innerNeeds(inner, branch.columns) else { continue }
            for (index, column) in branch.columns.enumerated() {
                types[column] = try merged(types[column], needs.type(ofColumn: index), inner)
            }
        }
        let known = types.map { $0 ?? .float64 }
        guard let names = estimator.featureNames(), names.count == width else { return estimator.needs(columns: known) }
        return .columns(zip(names, known).map { .init(name: $0, type: $1) })
    }

    /// A function takes any number of columns and does not know how many.
    private static func innerNeeds(
        _ inner: SklearnContext, _ columns: [Int]
    ) throws(ConversionError) -> SklearnNeeds? {
        if inner.type.name == "FunctionTransformer" { return nil }
        return try SklearnRegistry.needs(of: inner)
    }

    /// The type that serves two users of a column.
    static func merged(
        _ first: ElementType?, _ second: ElementType?, _ estimator: SklearnContext
    ) throws(ConversionError) -> ElementType? {
        guard let first, let second, first != second else { return first ?? second }
        guard first != .bytes, second != .bytes else {
            throw estimator.unsupported("it takes a column as strings that another transformer takes as numbers")
        }
        return .float64
    }

    static func add(
        _ estimator: SklearnContext, input: SklearnInput, to graph: inout GraphBuilder
    ) throws(ConversionError) -> SklearnOutput {
        let width = try estimator.featureCount()
        guard input.width == width else {
            throw estimator.malformed("it is given \(input.width) columns and was fitted with \(width)")
        }
        let branches = try branches(of: estimator, width: width)
        graph.describeStep("\(width) columns, \(branches.count) transformers")
        var parts: [SklearnInput.Part] = []
        for branch in branches {
            var columns = try input.select(branch.columns, for: estimator, in: &graph)
            if let inner = branch.estimator {
                if case .text? = try innerNeeds(inner, branch.columns) {
                    let text = try columns.matrix(.bytes, for: inner, in: &graph)
                    columns = SklearnInput(text: graph.squeeze(text))
                }
                columns = try SklearnRegistry.add(inner, input: columns, to: &graph).features(of: inner)
            }
            parts += try estimator.weighted(columns, by: branch.name, in: &graph).parts
        }
        guard !parts.isEmpty else { throw estimator.unsupported("it drops all columns") }
        return .features(SklearnInput(parts))
    }

    private static func branches(of estimator: SklearnContext, width: Int) throws(ConversionError) -> [Branch] {
        var branches: [Branch] = []
        let columnsByName = estimator.optional("_transformer_to_input_indices")
        for (index, item) in try estimator.list("transformers_").enumerated() {
            guard let parts = item.list, parts.count == 3, let name = parts[0].string else {
                throw estimator.malformed("'transformers_[\(index)]' is not a name with a transformer and columns")
            }
            if parts[1].string == "drop" || parts[1].isNone { continue }
            let spec = columnsByName?[name] ?? parts[2]
            let columns = try ColumnSelection(estimator, width: width).columns(spec, of: name)
            if columns.isEmpty { continue }
            let isThrough = parts[1].string == "passthrough"
            let place = ".transformers_[\(index)] '\(name)'"
            branches.append(
                Branch(name: name, estimator: isThrough ? nil : try estimator.child(parts[1], place), columns: columns))
        }
        return branches
    }
}
