// SPDX-License-Identifier: Apache-2.0

/// Reads models of XGBoost in JSON, in UBJSON, and in the binary format from before version 2.
///
/// Layout: https://xgboost.readthedocs.io/en/stable/tutorials/saving_model.html
public enum XGBoostReader {
    /// The model of a file, or of the buffer that a pickled `Booster` holds.
    ///
    /// - Throws: ``FormatError`` `malformed` or `truncated` with the place, `unsupported` for what no reader of ours
    ///   knows, `limitExceeded`.
    public static func read(
        _ source: any ByteSource, limits: StructuredLimits = StructuredLimits()
    ) throws(FormatError) -> XGBoostModel {
        let head = try source.prefix(at: 0, upTo: 64)
        guard head.first == UInt8(ascii: "{") else {
            let offsetHeader = "CONFIG-offset:"
            guard head.has(offsetHeader), let count: UInt64 = head.littleEndian(at: offsetHeader.utf8.count) else {
                return try XGBoostBinaryReader.read(source)
            }
            // What pickles held before version 1.7: the model in its former format, and then the configuration.
            let start = offsetHeader.utf8.count + 8
            guard count <= UInt64(source.byteCount) else {
                throw .truncated("the model", needed: Int.max, available: source.byteCount - start, offset: start)
            }
            return try XGBoostBinaryReader.read(SliceSource(source, from: start, count: Int(count)))
        }
        let isBinary = head.count > 1 && "iUIlL$#".utf8.contains(head[1])
        let value =
            isBinary
            ? try UBJSONReader.read(source, limits: limits) : try JSONReader.read(source, limits: limits)
        // A pickled booster wraps the model together with its configuration.
        return try model(of: value["Model"] ?? value)
    }

    /// The model that a JSON or UBJSON value describes.
    public static func model(of value: StructuredValue) throws(FormatError) -> XGBoostModel {
        let root = StructuredField(value, "")
        var model = XGBoostModel()
        model.version = (value["version"]?.integers ?? []).compactMap { Int(exactly: $0) }
        let learner = try root.member("learner")
        let parameters = try learner.member("learner_model_param")
        model.featureCount = try parameters.whole("num_feature")
        model.classCount = try parameters.whole("num_class", default: 0)
        model.targetCount = try parameters.whole("num_target", default: 1)
        model.baseScores = try baseScores(try parameters.text("base_score"))
        model.objective = try learner.member("objective").text("name")
        model.featureNames = learner.value["feature_names"]?.strings ?? []
        for member in learner.value["attributes"]?.members ?? [] {
            if let text = member.value.string { model.attributes[member.name] = text }
        }
        try readBooster(try learner.member("gradient_booster"), into: &model)
        return model
    }

    private static func readBooster(_ booster: StructuredField, into model: inout XGBoostModel) throws(FormatError) {
        model.booster = try booster.text("name")
        switch model.booster {
        case "gblinear":
            model.linearWeights = try booster.member("model").floats("weights")
        case "dart":
            model.treeWeights = try booster.floats("weight_drop")
            try readTrees(try booster.member("gbtree").member("model"), into: &model)
        case "gbtree":
            try readTrees(try booster.member("model"), into: &model)
        default:
            throw FormatError(
                .unsupported,
                "the booster '\(model.booster.prefix(80))' is not known; known are gbtree, dart and gblinear",
                at: "learner.gradient_booster.name")
        }
    }

    private static func readTrees(_ body: StructuredField, into model: inout XGBoostModel) throws(FormatError) {
        let parameters = try body.member("gbtree_model_param")
        model.parallelTreeCount = max(1, try parameters.whole("num_parallel_tree", default: 1))
        model.treeOutputs = try body.wholes("tree_info")
        model.rounds = body.value["iteration_indptr"] == nil ? [] : try body.wholes("iteration_indptr")
        let trees = try body.member("trees")
        guard let list = trees.value.list else {
            throw trees.malformed("here stands \(trees.value.kindName), not a list")
        }
        guard list.count == model.treeOutputs.count else {
            throw body.malformed("there are \(list.count) trees and \(model.treeOutputs.count) entries of 'tree_info'")
        }
        for (index, tree) in list.enumerated() {
            model.trees.append(try XGBoostTreeReader.read(StructuredField(tree, "\(trees.path)[\(index)]")))
        }
    }

    /// A number, or a list of numbers in brackets, as text: `5E-1`, `[5E-1]`, `[1E-1,2E-1]`.
    static func baseScores(_ text: String) throws(FormatError) -> [Double] {
        let value = try? JSONReader.read(text.hasPrefix("[") ? text : "[\(text)]")
        guard let numbers = value?.doubles, !numbers.isEmpty else {
            throw FormatError(
                .malformed, "base_score is '\(text.prefix(80))', which is no number and no list of numbers",
                at: "learner.learner_model_param.base_score")
        }
        return numbers
    }
}
