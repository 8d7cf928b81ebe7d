// SPDX-License-Identifier: Apache-2.0

/// Reads CatBoost's JSON (`save_model(..., format="json")`): trees on numeric features.
public enum CatBoostReader {
    /// Trees of more levels are not written by CatBoost.
    private static let maximumDepth = 64
    static let advice = "fit the model on numeric columns, or encode the others in a step before"

    /// - Throws: ``FormatError`` `malformed` with the place, `unsupported` for categorical, text and embedding
    ///   features, `limitExceeded`.
    public static func read(
        _ source: any ByteSource, limits: StructuredLimits = StructuredLimits()
    ) throws(FormatError) -> CatBoostModel {
        let root = StructuredField(try JSONReader.read(source, limits: limits), "")
        var model = CatBoostModel()
        try readFeatures(try root.member("features_info"), into: &model)
        let info = try root.member("model_info")
        model.lossFunction = info.value["params"]?["loss_function"]?["type"]?.string ?? ""
        model.classNames = info.value["class_params"]?["class_names"]?.list ?? []
        if let threshold = info.value["binclass_probability_threshold"] {
            guard let number = threshold.double ?? threshold.string.flatMap({ Double($0) }), (0...1).contains(number)
            else { throw info.malformed("'binclass_probability_threshold' should be a number from 0 to 1") }
            model.probabilityThreshold = number
        }
        model.version = version(info.value["catboost_version_info"]?.string ?? "")
        let scale = try root.member("scale_and_bias")
        guard let pair = scale.value.list, pair.count == 2, let factor = pair[0].double,
            let bias = pair[1].doubles ?? pair[1].double.map({ [$0] })
        else { throw scale.malformed("a factor and a list of numbers should stand here") }
        (model.scale, model.bias) = (factor, bias)
        if let trees = root.value["oblivious_trees"]?.list {
            for (index, tree) in trees.enumerated() {
                model.trees.append(try obliviousTree(StructuredField(tree, "oblivious_trees[\(index)]"), model))
            }
        } else {
            let trees = try root.member("trees")
            for (index, tree) in try list(trees).enumerated() {
                var nodes: CatBoostModel.Tree = []
                try append(StructuredField(tree, "trees[\(index)]"), model, to: &nodes, depth: 0)
                model.trees.append(nodes)
            }
        }
        return model
    }

    /// `1.2.10` of a text with `Branch: tags/v1.2.10` in it.
    private static func version(_ text: String) -> String {
        guard let tag = text.firstRange(of: "tags/v") else { return "" }
        return String(text[tag.upperBound...].prefix { $0.isASCII && ($0.isNumber || $0 == ".") })
    }

    private static func readFeatures(_ info: StructuredField, into model: inout CatBoostModel) throws(FormatError) {
        for (name, kind) in [
            ("categorical_features", "categorical"), ("text_features", "text"), ("embedding_features", "embedding"),
        ] {
            guard let first = info.value[name]?.list?.first else { continue }
            let feature = first["feature_id"]?.string.flatMap { $0.isEmpty ? nil : "'\($0)'" }
            let column = first["flat_feature_index"]?.integer ?? 0
            throw FormatError(
                .unsupported,
                "CatBoost's \(kind) features, such as \(feature ?? "column \(column)"), are not converted; "
                    + advice, at: "features_info.\(name)")
        }
        let features = try info.member("float_features")
        for (index, feature) in try list(features).enumerated() {
            let field = StructuredField(feature, "\(features.path)[\(index)]")
            guard try field.whole("feature_index") == index else {
                throw field.malformed("the features are not in order")
            }
            model.features.append(
                .init(
                    column: try field.whole("flat_feature_index"),
                    isMissingGreater: feature["nan_value_treatment"]?.string == "AsTrue"))
            model.featureNames.append(feature["feature_id"]?.string ?? "")
        }
    }

    /// The values of a list; anything else in its place would make a model of fewer trees or features.
    private static func list(_ field: StructuredField) throws(FormatError) -> [StructuredValue] {
        guard let list = field.value.list else { throw field.malformed("a list should stand here") }
        return list
    }

    private static func split(
        _ field: StructuredField, _ model: CatBoostModel
    ) throws(FormatError) -> (feature: Int, border: Double) {
        guard field.value["split_type"]?.string ?? "FloatFeature" == "FloatFeature" else {
            throw FormatError(
                .unsupported,
                "splits of the kind '\(field.value["split_type"]?.string ?? "")' are not converted; " + advice,
                at: field.path)
        }
        let feature = try field.whole("float_feature_index")
        guard feature < model.features.count, let border = field.value["border"]?.double else {
            throw field.malformed("the split has no border, or a feature that is not there")
        }
        return (feature, border)
    }

    /// A tree in which all nodes of a level ask the same: split `i` decides bit `i` of the leaf's index.
    private static func obliviousTree(
        _ field: StructuredField, _ model: CatBoostModel
    ) throws(FormatError) -> CatBoostModel.Tree {
        var splits: [(feature: Int, border: Double)] = []
        // A tree of one leaf has none.
        let written = field.value["splits"]?.isNull != false ? [] : try list(try field.member("splits"))
        for (index, value) in written.enumerated() {
            splits.append(try split(StructuredField(value, "\(field.path).splits[\(index)]"), model))
        }
        let values = try field.member("leaf_values").value.doubles ?? []
        guard splits.count < 25, !values.isEmpty, values.count % (1 << splits.count) == 0 else {
            throw field.malformed("\(values.count) values do not fit \(splits.count) splits")
        }
        let dimension = values.count >> splits.count
        // Level by level from the root, which decides the highest bit: node `k` of a level has that many leaves on
        // its left.
        var nodes: CatBoostModel.Tree = []
        for (level, split) in splits.reversed().enumerated() {
            let first = (1 << level) - 1
            for position in 0..<(1 << level) {
                let left = 2 * (first + position) + 1
                nodes.append(.split(feature: split.feature, border: split.border, left: left, right: left + 1))
            }
        }
        for leaf in 0..<(1 << splits.count) {
            nodes.append(.leaf(Array(values[(leaf * dimension)..<((leaf + 1) * dimension)])))
        }
        return nodes
    }

    private static func append(
        _ field: StructuredField, _ model: CatBoostModel, to nodes: inout CatBoostModel.Tree, depth: Int
    ) throws(FormatError) {
        guard depth <= maximumDepth else {
            throw FormatError(.limitExceeded, "the tree has more than \(maximumDepth) levels", at: field.path)
        }
        guard field.value["split"] != nil else {
            let value = try field.member("value").value
            guard let leaf = value.doubles ?? value.double.map({ [$0] }) else {
                throw field.malformed("the leaf has no numbers")
            }
            return nodes.append(.leaf(leaf))
        }
        let split = try split(try field.member("split"), model)
        let index = nodes.count
        nodes.append(.leaf([]))
        let left = nodes.count
        try append(try field.member("left"), model, to: &nodes, depth: depth + 1)
        let right = nodes.count
        try append(try field.member("right"), model, to: &nodes, depth: depth + 1)
        nodes[index] = .split(feature: split.feature, border: split.border, left: left, right: right)
    }
}
