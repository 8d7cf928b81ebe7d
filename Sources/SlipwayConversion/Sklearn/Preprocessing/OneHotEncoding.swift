// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// A column of zeros and ones for each category.
enum OneHotEncoding: SklearnEstimator {
    static let names = ["OneHotEncoder"]

    static func needs(_ estimator: SklearnContext) throws(ConversionError) -> SklearnNeeds {
        estimator.needs(columns: try estimator.categories().map(\.elementType))
    }

    static func add(
        _ estimator: SklearnContext, input: SklearnInput, to graph: inout GraphBuilder
    ) throws(ConversionError) -> SklearnOutput {
        let categories = try estimator.categories(of: input)
        let groups = try estimator.infrequentGroups(columns: categories.count)
        let dropped = try droppedColumns(of: estimator, columns: categories.count)
        estimator.noteMissing(in: categories, to: &graph)
        let unknown = estimator.string("handle_unknown", default: "error")
        if unknown == "error" {
            graph.report.notes.append(
                "\(estimator.path): a category that was not there in training gives zeros; scikit-learn refuses it")
        }
        var parts: [SklearnInput.Part] = []
        for (column, known) in categories.enumerated() {
            let places = try places(
                known, groups: groups[column], dropped: dropped[column],
                groupsUnknown: unknown == "infrequent_if_exist" || unknown == "warn", estimator)
            let width = (places.max() ?? -1) + 1
            guard width > 0 else { continue }
            try known.require(input.type(ofColumn: column), of: estimator)
            let value = try input.select([column], for: estimator, in: &graph)
                .matrix(known.elementType, for: estimator, in: &graph)
            // The place of an unknown category stands last, where -1 finds it.
            let code = known.addCode(of: value, to: &graph)
            let place = graph.node("Gather", [graph.integers(places), code], ["axis": .int(0)])
            let isHot = graph.node("Equal", [place, graph.integers(Array(0..<width), [1, width])])
            parts.append(.init(graph.cast(isHot, to: .float64), .float64, width: width))
        }
        let result = SklearnInput(parts)
        graph.describeStep("\(categories.count) columns, \(result.width) categories")
        return .features(result)
    }

    /// For each category, and then for an unknown one, which column is one; -1 for none.
    private static func places(
        _ categories: SklearnCategories, groups: [Int]?, dropped: Int?, groupsUnknown: Bool,
        _ estimator: SklearnContext
    ) throws(ConversionError) -> [Int] {
        var places = groups ?? Array(0..<categories.count)
        guard places.count == categories.count, places.allSatisfy({ (0..<categories.count).contains($0) }) else {
            throw estimator.malformed("its groups of infrequent categories do not fit 'categories_'")
        }
        // Rare categories are the last group.
        places.append(groups != nil && groupsUnknown ? (places.max() ?? -1) : -1)
        guard let dropped else { return places }
        return places.map { $0 == dropped ? -1 : $0 > dropped ? $0 - 1 : $0 }
    }

    private static func droppedColumns(
        of estimator: SklearnContext, columns: Int
    ) throws(ConversionError) -> [Int?] {
        let name = estimator.optional("_drop_idx_after_grouping") == nil ? "drop_idx_" : "_drop_idx_after_grouping"
        guard let value = estimator.optional(name) else { return Array(repeating: nil, count: columns) }
        let dropped: [Int?]
        if let objects = value.list {
            dropped = objects.map(\.integer)
        } else {
            dropped = try estimator.numbers(value, name).values.map { Int(exactly: $0) }
        }
        guard dropped.count == columns else {
            throw estimator.malformed("'\(name)' has \(dropped.count) entries for \(columns) columns")
        }
        return dropped
    }
}
