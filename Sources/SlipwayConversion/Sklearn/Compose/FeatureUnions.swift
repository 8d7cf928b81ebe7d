// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// What several transformers make of the same columns, side by side.
enum FeatureUnions: SklearnEstimator {
    static let names = ["FeatureUnion"]

    static func needs(_ estimator: SklearnContext) throws(ConversionError) -> SklearnNeeds {
        var types: [ElementType?] = []
        for branch in try branches(of: estimator) {
            guard let inner = branch.estimator, !FunctionTransforms.takesAnyWidth(inner) else { continue }
            let needs = try SklearnRegistry.needs(of: inner)
            if case .text = needs { return needs }
            if types.isEmpty { types = Array(repeating: nil, count: needs.width) }
            for column in types.indices {
                types[column] = try ColumnTransforms.merged(types[column], needs.type(ofColumn: column), inner)
            }
        }
        guard !types.isEmpty else { throw estimator.unsupported("it has no transformer that does anything") }
        return estimator.needs(columns: types.map { $0 ?? .float64 })
    }

    static func add(
        _ estimator: SklearnContext, input: SklearnInput, to graph: inout GraphBuilder
    ) throws(ConversionError) -> SklearnOutput {
        let branches = try branches(of: estimator)
        graph.describeStep("\(branches.count) transformers")
        var parts: [SklearnInput.Part] = []
        for branch in branches {
            var output = input
            if let inner = branch.estimator {
                output = try SklearnRegistry.add(inner, input: input, to: &graph).features(of: inner)
            }
            parts += try estimator.weighted(output, by: branch.name, in: &graph).parts
        }
        return .features(SklearnInput(parts))
    }

    /// The transformers that are not dropped; without an estimator the columns go through.
    private static func branches(
        of estimator: SklearnContext
    ) throws(ConversionError) -> [(name: String, estimator: SklearnContext?)] {
        var branches: [(name: String, estimator: SklearnContext?)] = []
        for (index, pair) in try estimator.pairs("transformer_list").enumerated() {
            if pair.value.isNone || pair.value.string == "drop" { continue }
            let isThrough = pair.value.string == "passthrough"
            let place = ".transformer_list[\(index)] '\(pair.name)'"
            branches.append((pair.name, isThrough ? nil : try estimator.child(pair.value, place)))
        }
        return branches
    }
}

extension SklearnContext {
    /// Columns times the weight that `transformer_weights` has for a transformer.
    func weighted(
        _ columns: SklearnInput, by name: String, in graph: inout GraphBuilder
    ) throws(ConversionError) -> SklearnInput {
        guard let weight = optional("transformer_weights")?[name]?.double, weight != 1, columns.width > 0 else {
            return columns
        }
        let value = try columns.matrix(.float64, for: self, in: &graph)
        return SklearnInput(graph.multiply(value, graph.double(weight)), .float64, width: columns.width)
    }
}
