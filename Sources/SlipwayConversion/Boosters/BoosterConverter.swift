// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
package import SlipwayFormats

/// Files of XGBoost, LightGBM and CatBoost.
package enum BoosterConverter {
    private static let rows = GraphBuilder.batch

    /// Converts a file of a booster; `format` is `.xgboost`, `.lightgbm` or `.catboost`.
    ///
    /// Input `input` `[N, features]`: float32, and float64 for LightGBM, which compares in it. Outputs `label` and
    /// `probabilities`, or `prediction`.
    ///
    /// - Throws: ``FormatError`` for files that are damaged, ``ConversionError`` for what is not converted.
    package static func convert(
        _ source: any ByteSource, format: ModelFormat, options: ConversionOptions = ConversionOptions()
    ) throws -> ConvertedModel {
        let model: BoosterModel
        switch format {
        case .xgboost: model = try XGBoostConversion.model(XGBoostReader.read(source))
        case .lightgbm: model = try LightGBMConversion.model(LightGBMReader.read(source))
        case .catboost: model = try CatBoostConversion.model(of: source)
        default:
            throw ConversionError(.unsupported, "\(format.displayName) is not the format of a booster")
        }
        return try convert(model, options: options)
    }

    private static func convert(_ model: BoosterModel, options: ConversionOptions) throws -> ConvertedModel {
        var report = ConversionReport(framework: model.framework)
        report.steps = [.init(path: "model", kind: model.kind, detail: model.detail)]
        report.notes = model.notes
        if model.featureNames.count == model.featureCount { report.featureNames = model.featureNames }
        var graph = GraphBuilder(name: model.kind, report: report)
        let type = options.inputType ?? model.comparison
        let input = graph.input("input", type, [rows, .fixed(model.featureCount)])
        let output = try BoosterGraph.add(
            model, of: type == model.comparison ? input : graph.cast(input, to: model.comparison), to: &graph)
        var labels: [String: [String]] = [:]
        switch output {
        case .classifier(let classifier): labels = write(classifier, to: &graph)
        case .regressor(let value, let targets):
            let value = targets == 1 ? graph.squeeze(value) : value
            write(value, "prediction", targets == 1 ? [rows] : [rows, .fixed(targets)], to: &graph)
        default: break
        }
        var converted = graph.finish()
        converted.classLabels = labels
        converted.file.graph.dropUnused()
        return converted
    }

    private static func write(
        _ classifier: SklearnClassifier, to graph: inout GraphBuilder
    ) -> [String: [String]] {
        graph.output(classifier.label(in: &graph), as: "label", classifier.classes.elementType, [rows])
        guard let probabilities = classifier.probabilities else {
            if let decision = classifier.decision { write(graph.squeeze(decision), "scores", [rows], to: &graph) }
            return [:]
        }
        write(probabilities, "probabilities", [rows, .fixed(classifier.classes.count)], to: &graph)
        return ["probabilities": classifier.classes.names]
    }

    private static func write(_ value: String, _ name: String, _ shape: [Dimension], to graph: inout GraphBuilder) {
        graph.output(graph.cast(value, to: .float32), as: name, .float32, shape)
    }
}
