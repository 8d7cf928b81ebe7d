// SPDX-License-Identifier: Apache-2.0

import Glibc
import SlipwayCore
import SlipwayFormats

/// What a JSON file of CatBoost means.
enum CatBoostConversion {
    private static let exportAdvice =
        "load it in CatBoost and save it as JSON: catboost.CatBoost().load_model(\"model.cbm\")"
        + ".save_model(\"model.json\", format=\"json\")"

    private static let links: [String: BoosterLink] = {
        var table: [String: BoosterLink] = [
            "Logloss": .binary(scale: 1), "CrossEntropy": .sigmoid(scale: 1), "MultiClass": .softmax,
            "MultiClassOneVsAll": .oneAgainstAll(scale: 1), "Poisson": .exponential, "Tweedie": .exponential,
        ]
        for name in [
            "RMSE", "MAE", "Quantile", "MAPE", "Lq", "Huber", "Expectile", "LogCosh", "MultiRMSE", "MultiQuantile",
            "YetiRank", "YetiRankPairwise", "PairLogit", "PairLogitPairwise", "QueryRMSE", "QuerySoftMax", "LambdaMart",
            "StochasticFilter", "StochasticRank",
        ] { table[name] = .identity }
        return table
    }()

    static func model(of source: any ByteSource) throws -> BoosterModel {
        if source.byteCount >= 4, try source.bytes(at: 0, count: 4) == Array("CBM1".utf8) {
            throw ConversionError(.unsupported, "CatBoost's binary file (CBM) is not converted; " + exportAdvice)
        }
        return try model(CatBoostReader.read(source))
    }

    private static func model(_ file: CatBoostModel) throws(ConversionError) -> BoosterModel {
        guard var link = links[file.lossFunction] else {
            throw ConversionError(
                .unsupported,
                "CatBoost's loss function '\(file.lossFunction.prefix(80))' is not converted; converted are "
                    + links.keys.sorted().joined(separator: ", "), at: "model_info.params.loss_function")
        }
        // A classifier may be trained with it too.
        if file.lossFunction == "CrossEntropy", file.classNames.count == 2 { link = .binary(scale: 1) }
        try BoosterLimits.check(features: file.columnCount, outputs: file.bias.count)
        var trees: [TreeEnsemble.Tree] = []
        for (index, tree) in file.trees.enumerated() {
            var converted = TreeEnsemble.Tree()
            converted.nodes.reserveCapacity(tree.count)
            for node in tree {
                switch node {
                case .leaf(let values):
                    guard values.count == file.bias.count else {
                        throw ConversionError(
                            .malformed, "a leaf has \(values.count) values for \(file.bias.count) outputs",
                            at: "trees[\(index)]")
                    }
                    converted.nodes.append(.leaf(values.map { $0 * file.scale }))
                case .split(let feature, let border, let left, let right):
                    let source = file.features[feature]
                    converted.nodes.append(
                        .split(
                            feature: source.column, test: .lessOrEqual, threshold: Double(Float(border)),
                            missingGoesLeft: !source.isMissingGreater, left: left, right: right))
                }
            }
            trees.append(converted)
        }
        let ensemble = TreeEnsemble(
            trees: trees, targetCount: file.bias.count, base: file.bias, comparison: .float32)
        var model = BoosterModel(
            framework: "CatBoost" + (file.version.isEmpty ? "" : " " + file.version), kind: "CatBoost",
            objective: file.lossFunction, featureNames: file.featureNames.contains("") ? [] : file.featureNames,
            featureCount: file.columnCount, body: .trees(ensemble), link: link,
            classes: try classes(file, isClassifier: link.isClassifier))
        if case .binary = link, file.probabilityThreshold != 0.5 {
            model.threshold = -log(1 / file.probabilityThreshold - 1)
            model.notes.append(
                "labels go by the model's own threshold: the second class above \(file.probabilityThreshold)")
        }
        return model
    }

    private static func classes(_ file: CatBoostModel, isClassifier: Bool) throws(ConversionError) -> SklearnClasses? {
        guard isClassifier, !file.classNames.isEmpty else { return nil }
        let texts = file.classNames.compactMap(\.string)
        if texts.count == file.classNames.count { return .strings(texts) }
        let numbers = file.classNames.compactMap(\.integer)
        guard numbers.count == file.classNames.count else {
            throw ConversionError(
                .unsupported, "classes that are fractions are not converted; train with whole numbers or strings",
                at: "model_info.class_params.class_names")
        }
        return .integers(numbers.map(Int64.init))
    }
}
