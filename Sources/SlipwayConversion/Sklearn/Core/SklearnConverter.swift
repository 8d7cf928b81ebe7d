// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
package import SlipwayFormats

/// scikit-learn estimators and pipelines, from pickles read as data.
package enum SklearnConverter {
    /// Converts the estimator that a pickle holds.
    ///
    /// - Throws: ``FormatError`` where the pickle names what no estimator is made of; ``ConversionError`` where a
    ///   part of the model is not converted.
    package static func convert(
        _ document: PickleDocument, options: ConversionOptions = ConversionOptions()
    ) throws -> ConvertedModel {
        try convert([document], options: options)
    }

    /// Converts several pickles as one pipeline: each is given what the one before makes, as a vectorizer and the
    /// model that was saved beside it.
    package static func convert(_ documents: [PickleDocument], options: ConversionOptions) throws -> ConvertedModel {
        var steps: [SklearnContext] = []
        for document in documents {
            try document.requireClean()
            steps.append(try SklearnContext(root: document.value))
        }
        guard let first = steps.first, let last = steps.last else {
            throw ConversionError(.malformed, "there is no estimator to convert")
        }
        let version = first.version.description
        let framework = version.isEmpty ? "scikit-learn" : "scikit-learn \(version)"
        var graph = GraphBuilder(name: last.type.name, report: ConversionReport(framework: framework))
        let needs = try SklearnRegistry.needs(of: first)
        var input = Self.inputs(for: needs, options: options, in: &graph)
        graph.report.featureNames = Self.featureNames(of: first, needs)
        for step in steps.dropLast() {
            input = try SklearnRegistry.add(step, input: input, to: &graph).features(of: step)
        }
        let output = try SklearnRegistry.add(last, input: input, to: &graph)
        SklearnNotes.add(for: first, to: &graph.report)
        let labels = try SklearnOutputs.write(output, of: last, to: &graph)
        var model = graph.finish()
        model.classLabels = labels
        model.file.graph.dropUnused()
        if case .columns = needs { model.file.graph.dropUnusedInputs() }
        return model
    }

    private static func inputs(
        for needs: SklearnNeeds, options: ConversionOptions, in graph: inout GraphBuilder
    ) -> SklearnInput {
        switch needs {
        case .text:
            return SklearnInput(text: graph.input("text", .bytes, [GraphBuilder.batch]))
        case .matrix(let type, let width):
            let type = chosen(type, options)
            return SklearnInput(graph.input("input", type, [GraphBuilder.batch, .fixed(width)]), type, width: width)
        case .columns(let columns):
            return SklearnInput(
                columns.map { column in
                    let type = chosen(column.type, options)
                    let name = graph.input(column.name, type, [GraphBuilder.batch, .fixed(1)])
                    return SklearnInput.Part(name, type, width: 1)
                })
        }
    }

    private static func chosen(_ type: ElementType, _ options: ConversionOptions) -> ElementType {
        type == .bytes ? .bytes : options.inputType ?? type
    }

    private static func featureNames(of estimator: SklearnContext, _ needs: SklearnNeeds) -> [String] {
        switch needs {
        case .columns(let columns): columns.map(\.name)
        case .matrix(_, let width):
            estimator.innermostFeatureNames().flatMap { $0.count == width ? $0 : nil } ?? []
        case .text: []
        }
    }
}

extension SklearnContext {
    /// Names of the columns that the first of the inner estimators was fitted with.
    fileprivate func innermostFeatureNames() -> [String]? {
        if let names = featureNames() { return names }
        if let steps = optional("steps")?.list {
            for step in steps {
                guard let inner = step.list?.dropFirst().first, inner.typeName != nil else { continue }
                return (try? child(inner, ""))?.innermostFeatureNames()
            }
        }
        for name in ["best_estimator_", "estimator_"] {
            if let inner = optional(name), inner.typeName != nil {
                return (try? child(inner, ""))?.innermostFeatureNames()
            }
        }
        return nil
    }
}
